"""Ablations: one file says what is varied, one folder is the queue, one table tells what came out.

A variant with a seed is an ordinary run. Everything else reads folders: who is killed, joins from
another machine or asks again finds there what is done and what is not.
"""
