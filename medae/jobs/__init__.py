"""Jobs: work as data (`job`), done here (`run`), in a child process (`worker`), or many of them (`batch`)."""
