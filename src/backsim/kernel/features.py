"""Parts of the kernel that a scenario may do without.

Kernel code asks ``if INFORMS: ...``.  `backsim.engines.features` says which a model needs, and the
linker puts the answers in place of the constants below: compiled, a part that is off is not
there at all.
"""

OPENS: bool = True  # orders from before the start are open
ANNOUNCES: bool = True  # orders are known before they are wanted
STANDS: bool = True  # it is asked where lines stand in the queue
APART: bool = True  # lines of one class keep their order while they wait, but not those of several
INFORMS: bool = True  # customers are told how long they will wait, and act on it
DELIVERIES: bool = True  # suppliers are late, say so, deliver in parts or not all
DISRUPTIONS: bool = True  # suppliers are down at times
CALENDARS: bool = True  # closed days of sites, working days of suppliers, reviews on dates
CHANGES: bool = True  # rules of stock points become others on given days
EXPIRES: bool = True  # units have a shelf life
FORECASTS: bool = True  # stock points forecast demand
LOTS: bool = True  # purchases have a least size, are multiples, or have to find room
JOINT: bool = True  # stock points order together, or what they order goes out in one order
GROUPS: bool = True  # products are ordered together, if that is worth an order
BUDGETS: bool = True  # purchases have to find room, credit or money
PIPELINE: bool = True  # purchases have dates: quoted, expected, actual
SEASONS: bool = True  # lead times become longer or shorter on given days
SHARES: bool = True  # units are split among waiting lines
CONSOLIDATES: bool = True  # units wait some days for the rest of their order
COLLECTS: bool = True  # a line that must be filled whole takes what there is
BATCHES: bool = True  # waiting lines are served every so many days
DECIDES: bool = True  # a linear program decides who gets what
SUBSTITUTES: bool = True  # customers who would wait are offered another product
NETWORK: bool = True  # stock points buy from other sites, from several sources, or make products
DIVIDES: bool = True  # purchases are split over several sources
KITS: bool = True  # what is made starts with the components that are there
REACTS: bool = True  # stock points react to their suppliers, in any of three ways:
EXPEDITES: bool = True  # purchases under way are brought forward
CANCELS: bool = True  # purchases that are late and wait at the supplier are withdrawn
EMERGENCY: bool = True  # when stock runs short, another supplier is asked
ECHELON: bool = True  # reorder rules ask for the position of a whole echelon
TRANSFERS: bool = True  # stock points are sent units by others of their level
DELAYS: bool = True  # rules ask how long the last customer served had waited
LIMITS: bool = True  # only so many lines or units may wait at a stock point
ROUTES: bool = True  # orders are served from other sites than the one where they are placed
GOODWILL: bool = True  # customers order less often after poor service
AMENDS: bool = True  # customers who wait want fewer units, or more
RETURNS: bool = True  # customers send units back
RECALLS: bool = True  # products are recalled on given days
RECORDS: bool = True  # an event log is kept
"""In the kernel's namespace these are constants; here they are what a reader should assume."""
