"""The words of the offline model's Gherkin tasks: who does what where, and the ways to ask for step functions."""

from __future__ import annotations

# actor | place | what is counted | takes them away | puts them there
DOMAINS = tuple(
    tuple(part.strip() for part in line.split("|"))
    for line in """
    librarian | shelf | books | lends | returns
    baker | oven | loaves | removes | slides in
    teller | vault | banknotes | pays out | deposits
    warden | car park | permits | cancels | issues
    nurse | ward | beds | clears | prepares
    gardener | greenhouse | seedlings | transplants | waters in
    bartender | cellar | kegs | taps | stores
    teacher | classroom | chairs | stacks away | sets up
    curator | exhibition | paintings | takes down | hangs up
    dispatcher | depot | parcels | ships | receives
    zookeeper | aviary | parrots | relocates | welcomes
    miner | wagon | ingots | unloads | loads
    sailor | hold | barrels | discharges | stows
    tailor | wardrobe | costumes | alters | finishes
    chemist | cabinet | vials | dispenses | restocks
    player | inventory | potions | drinks | collects
    farmer | silo | sacks | sells | harvests
    pilot | hangar | drones | launches | lands
    host | guest house | towels | hands out | washes
    mechanic | workshop | tyres | mounts | orders
    usher | theatre | seats | assigns | releases
    fisherman | boat | nets | casts | hauls in
    postmaster | counter | stamps | sells off | orders in
    cashier | till | coins | gives out | takes in
    referee | scoreboard | penalties | revokes | awards
    beekeeper | hive | frames | extracts | inserts
    tenant | laundry room | tokens | spends | buys
    florist | window | bouquets | delivers | arranges
    chef | pantry | jars | opens | preserves
    courier | locker | envelopes | picks up | drops off
    editor | archive | drafts | deletes | saves
    jeweller | display | rings | engraves | polishes
    conductor | tram | passes | punches | validates
    ranger | forest hut | blankets | folds away | spreads out
    brewer | tank | litres | bottles | pumps in
    trader | portfolio | shares | liquidates | acquires
    coach | bench | substitutes | fields | benches
    voter | ballot box | ballots | withdraws | casts in
    printer | tray | sheets | uses up | refills
    astronomer | observatory | slots | gives up | reserves
    """.strip().splitlines()
)

NAMES = """
    Ada | Bo | Chidi | Dalia | Emre | Farah | Goran | Hana | Igor | Jun | Kofi | Lena | Milan | Noor | Olga | Pavel
    | Quinn | Rosa | Sami | Tova | Uma | Viktor | Wanda | Xenia | Yusuf | Zora | Anouk | Bilal | Carmen | Dirk
    | Esra | Fynn | Greta | Hugo | Ines | Jorge | Kira | Luan | Maya | Nils | Oona | Petra | Ravi | Signe | Tariq
    | Ulla | Vera | Wim | Ylva | Zeno
    """

CODES = """
    north | amber | delta | maple | comet | velvet | harbour | cedar | silver | lagoon | falcon | copper | willow
    | tundra | saffron | basalt | heron | quartz | meadow | orchid | anchor | juniper | cobalt | prairie | lantern
    | walnut | ivory | canyon | thistle | marble | otter | indigo | summit | clover | ember | glacier | poppy
    | raven | sable | tulip
    """

STATES = """
    open | blocked | paid | archived | reserved | returned | approved | cancelled | pending | delivered | expired
    | signed | locked | published | rejected | sealed | overdue | confirmed | on hold | closed
    """

REQUESTS = """
    {write} {steps} for the scenario below.
    | {write} {steps} so that the following scenario can be run with behave.
    | Using behave, {lower_write} {steps} that make this scenario executable.
    | Here is a scenario about {a_place}. {write} {steps} for it.
    | Our test suite lacks {steps} for this scenario; please {lower_write} them with behave.
    | {write} {steps}, one for each step, for this Gherkin scenario.
    | Read the scenario and {lower_write} {steps} in a single module.
    | For the feature "{feature}", {lower_write} {steps} that match each step of the scenario.
    | The team that builds {a_place} software needs {steps}. {write} them for this scenario.
    | How would the behave step functions of the following scenario look in Python? {write} all of them.
    | {write} {steps} with typed placeholders for the numbers in this scenario.
    | Take the scenario below and {lower_write} matching {steps}.
    """
WRITE = "Write | Implement | Provide | Create | Develop | Supply | Code | Program | Produce | Draft | Complete | Build"
LOWER_WRITE = (
    "write | implement | provide | create | develop | supply | code | program | produce | draft | complete | build"
)
STEPS = """
    Python step functions | behave step functions | the step functions in Python
    | Python step definitions for behave | the Python code of the behave steps | behave step implementations
    | step functions for behave in Python | the glue code in Python | the steps as Python functions
    | Python behave code
    """

SUPERFLUOUS = """
    the {actor} wears a {colour} jacket
    | it is a rainy {day}
    | the {place} was painted {colour} last year
    | {name} had breakfast at {hour} o'clock
    | the radio in the {place} is switched on
    | the {actor} has worked here for {n} years
    | a {colour} car is parked outside
    | {name} greets the {actor}
    | the window of the {place} faces the street
    | the {actor} likes {colour} tea
    """
VAGUE_STEPS = (
    ("given", "some {items} are in the {place}"),
    ("given", "the {place} is set up as usual"),
    ("when", "the {actor} does something with the {items}"),
    ("when", "the {actor} uses the {place} somehow"),
    ("then", "everything works as expected"),
    ("then", "the {items} are fine"),
    ("then", "the right things happen in the {place}"),
)
COLOURS = "red | green | blue | yellow | grey | purple | black | white | orange | brown"
DAYS = "Monday | Tuesday | Wednesday | Thursday | Friday | Saturday | Sunday"

# Kinds of behaviour. Numbers a, b and c hold a + b = c; product is b * n, rest is 100 - n, score is above b.
BEHAVIOURS = """
    Scenario: {Name} {takes} {b} {items} | Fewer {items} in the {place} | {b} {items} leave {place} {code}
    Given: {place} {code} holds {c} {items} | there are {c} {items} in the {place} of {name}
        | {c} {items} are stored under "{code}"
    When: {name} {takes} {b} {items} | the {actor} {takes} {b} of the {items}
        | {name} confirms that {b} {items} leave "{code}"
    Then: {place} {code} holds {a} {items} | {a} {items} remain | the remaining number under "{code}" is {a}

    Scenario: {Name} {puts} {b} {items} | More {items} for the {place} | {place} {code} grows by {b} {items}
    Given: {place} {code} starts with {a} {items} | the {actor} has already counted {a} {items}
        | {a} {items} belong to {name}
    When: {name} {puts} {b} {items} | another {b} {items} arrive for "{code}" | the {actor} {puts} {b} more
    Then: {place} {code} counts {c} {items} | {name} owns {c} {items} | the total shown to the {actor} is {c}

    Scenario: A full {place} refuses {items} | No room for {b} {items} | {Name} meets the limit of {a} {items}
    Given: {place} {code} has room for {a} {items} and is full
        | the limit of "{code}" is {a} {items} and it is reached
    When: {name} tries to add {b} {items} | the {actor} hands {b} {items} to "{code}"
    Then: the attempt is refused with "{state}" | {name} is told that {b} {items} do not fit
        | "{code}" still counts {a}

    Scenario: A price for {b} {items} | {Name} pays for {items} | Buying {items} from the {actor}
    Given: one of the {items} costs {n} euros | the {actor} charges {n} euros apiece
    When: {name} orders {b} {items} | {b} {items} are rung up for {name}
    Then: {name} owes {product} euros | the bill reads {product} euros

    Scenario: {Name} returns {items} too late | A late fee of {product} euros | Overdue {items}
    Given: {name} promised the {items} for day {a} and each late day costs {n} euros
    When: {name} brings them back on day {c} | the {items} of {name} come in {b} days late as "{code}"
    Then: {name} is charged {product} euros | a fee of {product} euros is booked on {name}

    Scenario: The {actor} marks {items} as {state} | From {old} to {state} | Order {a} becomes {state}
    Given: order {a} of {name} is "{old}" | the {items} with number {a} are marked "{old}"
    When: the {actor} sets order {a} to "{state}" | {name} asks for "{state}" and the {actor} agrees
    Then: order {a} is "{state}" | {name} reads "{state}" beside number {a}

    Scenario: A warning for the {place} | {Name} is alarmed at {c} degrees | Too warm for {items}
    Given: the sensor of {place} {code} warns {name} above {a} degrees | {name} has set the alarm to {a} degrees
    When: the sensor reports {c} degrees | the temperature at "{code}" climbs by {b} to {c} degrees
    Then: {name} receives the warning "{code} {c}" | one alarm is listed for the {place}

    Scenario: Finding {items} by keyword | {Name} searches for {code} | {n} hits for {code}
    Given: {c} {items} are on record and {n} of them mention "{code}"
    When: {name} searches the {place} for "{code}" | the {actor} types "{code}" into the search box
    Then: {n} {items} are listed | {name} sees {n} results

    Scenario: Only the {actor} may enter | {Name} without permission | A visitor at the {place}
    Given: {name} has the role "visitor" and {place} {code} demands the role "{actor}"
    When: {name} opens the page of {place} {code} | {name} asks for access to "{code}"
    Then: the page answers "{state}" | {name} is refused with code {c}

    Scenario: {Name} climbs the ranking | A new high score | {Name} overtakes {other}
    Given: {name} has {a} points and {other} has {c} | {other} leads {name} by {b} points
    When: {name} scores {score} points | the {actor} credits {name} with {score} points
    Then: {name} is ranked before {other} | the first name on the list is {name}

    Scenario: The next one in line | {Name} is called after {n} others | Ticket {a} at the counter
    Given: ticket {a} of {name} is waiting behind {n} others at the {place}
    When: the {actor} calls {n} tickets | {n} visitors of the {place} have been served
    Then: ticket {a} is next | {name} is asked to come to {place} {code}

    Scenario: Three wrong codes lock the {place} | {Name} forgets the code | A locked {place}
    Given: {name} has entered a wrong code twice at {place} {code}
        | the code of {place} {code} is {a} and two tries are used up
    When: {name} enters {c} as the code | the third try of {name} is {c}
    Then: {place} {code} is locked for {n} minutes | {name} sees "locked for {n} minutes"

    Scenario: A discount of {n} percent | {Name} spends points | Cheaper {items}
    Given: {name} holds a card with {n} percent off {items} | members such as {name} get {n} percent off
    When: {name} pays for {items} worth 100 euros | the {actor} charges 100 euros to the card of {name}
    Then: {rest} euros are taken | the receipt of {name} shows {rest} euros

    Scenario: Sharing {items} between two | {Name} hands {items} to {other} | A transfer of {b} {items}
    Given: {name} has {c} {items} | {c} {items} are booked on {name} under "{code}"
    When: {name} transfers {b} {items} to {other} | {other} accepts {b} {items} from {name}
    Then: {name} keeps {a} {items} | {a} {items} are left for {name}

    Scenario: Time is up in the {place} | {Name} is reminded | A timer of {a} minutes
    Given: a timer of {a} minutes runs for {name} | the {place} closes in {a} minutes according to clock "{code}"
    When: {a} minutes pass | the clock moves on by {a} minutes
    Then: {name} hears the signal "{code}" | the {actor} gets the notice "{state}"

    Scenario: {Name} books {place} {code} | A free {place} is taken | Reserving for {n} people
    Given: {place} {code} is free on day {a} and seats {n} people
    When: {name} reserves it for {n} people on day {a} | the {actor} writes {name} into the plan of day {a}
    Then: {place} {code} belongs to {name} on day {a} | the plan of day {a} names {name}
    """
