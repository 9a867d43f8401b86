"""Hours that go to another bank: offered, agreed to, committed, and receipted, each step signed by who says it.

    ours   offer  ------> theirs      the minutes leave the account and wait in `transit`
           accept <------             nothing is credited yet
           commit ------>             the minutes are gone here, and credited there
           receipt <-----             both sides hold both sides' proof

Only the offering side's clock decides: what is not agreed to in time is given back and cancelled, and then
an acceptance comes too late. Once committed, nothing is given back, and the other side
credits it whenever it hears so, once.
"""
