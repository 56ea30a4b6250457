"""What a study is: its design, its plan, its stored rows. Nothing here carries a study out."""
