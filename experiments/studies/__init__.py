"""What a study is: its design, its plan, its stored rows. Nothing here runs a study."""
