"""Payments through real storms: dealers that quote and hedge, orders of up to thirty days, on rates that really were.

Every replay is a ledger of its own with signed envelopes and sealed blocks, whose clock follows the days of a series.
The order of reading is

    rates.py      files of daily rates into exact fractions, or the line that is wrong
    sources.py    which files there are: shipped ones, the ECB's, and a path that is made up and says so
    storms.py     the replays: monies, days, how long an order may take
    backing.py    what stands behind an order, and what a refund by cause must come to
    pricing.py    what a dealer asks, from the past alone
    trades.py     an order's plan, drawn from the seed, and what its money has done
    stage.py      the ledger: genesis, parties, blocks, and invariants after each of these
    shops.py      what merchants sell, and their bonds
    books.py      what everybody must have, worked out apart from the ledger and compared with it after every block
    dealers.py    cards, hedges, and a dealer's own book (offers.py: what an order costs with whom)
    returns.py    orders that all come back, with and without bond and cover; friends.py: who would make use of that
    replay.py     day by day until nothing is open and all money has been taken out (acts.py: what is signed)
    figures.py    what it came to, in exact fractions of basis points; made_good.py: who made up for the rate
    tables.py     that as tables of words; report.py writes them as text, Markdown, HTML and JSON
    run.py        `run`: a wish in, a report out
"""
