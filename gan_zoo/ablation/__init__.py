"""Ablations: one file says what is varied, one folder is the queue, one table tells what came out.

A variant with a seed is an ordinary run. Everything else reads folders: who is killed, joins from
another machine or asks again finds there what is done and what is not.

    ablate  listing                          what the command does, from file to table; --list
    file  names  candidates  variants        what is asked: the file, its variants as recipes
    budget  samples                          how long they learn
    planning  keys  stamps  plan             every run by its key, and whether that still holds
    figures  needs  pace  room  places       what a plan finds out on its way
    folder  results  states                  what lies on disk
    claims  attempts                         who holds a run, how its tries ended
    runner  queue  children  signals         the runs in their order; wording has the sentences
    one  making  judges  costs               one run in a process of its own
    table  table_making  protocols           what came out; tables/ and pages/ show it
"""
