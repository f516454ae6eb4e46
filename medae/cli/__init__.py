"""The command line: each command builds a job, runs it and tells how it went.

Nothing heavy is imported at module level here, so that ``medae --help`` answers at once.
"""
