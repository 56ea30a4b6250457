"""How a study is carried out: workers on this machine or a cluster, the driver, waits."""
