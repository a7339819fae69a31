"""The words that fill the offline model's general tasks: alternatives of each symbol, the likelier ones first."""

from __future__ import annotations

SLOTS = {
    "about": "about | on | concerning | inspired by | around | touching on | dealing with",
    "aimed_at": "for | aimed at | that suits | addressed to | meant for | that speaks to | with an eye to",
    "aimed_at_upper": "Write for | Address | Keep it readable for | Think of | Have an eye to",
    "compete": "compete | argue | bargain | make peace | disagree | join forces | trade places",
    "source": """
        {text} about {topic} | {text} by {person} | {adjective} {text} on {noun} and {noun} | {text} from {business}
        | {text} that {person} sent to {person} | {text} in which {person} {event} | {tone} {text} about {topic}
        | {text} on {doing} {place} | {text} found {place} | {text} against {topic}
        """,
    "texts": """
        reviews | emails | letters | poems | reports | speeches | notes | headlines | complaints | recipes | protocols
        | diaries | summaries | interviews | adverts
        """,
    "detail_plural": """
        dates | persons | places | numbers | adjectives | verbs | prices | promises | ingredients | questions | colours
        | companies | streets | claims | opinions | abbreviations | durations | animals | job titles | foreign words
        """,
    "make": """
        Write | Compose | Draft | Prepare | Create | Come up with | Put together | Produce | Sketch | Formulate
        | Outline | Develop | Design | Pen | Devise | Provide
        """,
    "lower_make": """
        write | compose | draft | prepare | create | put together | produce | formulate | outline | design
        """,
    "explain": """
        Explain | Describe | Illustrate | Clarify | Introduce | Outline | Spell out
        """,
    "form": """
        a short story | a limerick | a packing list | a recipe | an opening paragraph | a riddle | a letter
        | a toast | a product description | a checklist | a newspaper notice | a diary entry | a job advertisement
        | a bedtime tale | an apology | a haiku | a speech | a review | a fable | a crossword clue
        | a lesson outline | a radio announcement | a sonnet | a set of rules | a quiz | a postcard
        | a thank-you note | a scene for two actors | a weather report | an obituary | a press release
        | an interview | a tongue twister | a complaint | a legend | a questionnaire | a menu | a manifesto
        | a lullaby | a travel tip | a warning sign | a pros and cons table | a myth | a fortune cookie message
        | a eulogy | a budget | a glossary | an advertisement | a monologue | a proposal | a farewell card
        | a user guide | a schedule | a sermon | a treaty | a love letter | a balance sheet | a trial speech
        | a nursery rhyme | a memo | an oath | a prophecy | a witness statement
        """,
    "topic": """
        {adjective} {noun} | {noun} and {noun} | the {noun} of {adjective} {plural_place} | {adjective} {noun}
        | the future of {noun} | {doing} | a lack of {noun} | {noun} during {occasion_bare}
        | the price of {adjective} {goods} | {noun} without {noun} | the history of {noun}
        | {adjective} {goods} and {noun} | {doing} and {noun} | a {quality} {tool} | lost {goods}
        | the fear of {doing} | {adjective} {people}
        """,
    "thing": """
        a {quality} {tool} | the {adjective} {tool} | {adjective} {goods} | a {tool} made of {material}
        | a box of {goods} | a borrowed {tool} | {n} {goods} | the {tool} of {person} | a {material} {tool}
        """,
    "person": """
        {a_nature} {job} | the {job} | {a_nature} {job} {place} | {a_nature} {job} | the {nature} {job}
        | a retired {job} | the {job} of {business_bare}
        """,
    "a_nature": """
        a shy | a busy | a cheerful | a stubborn | a young | a tired | a curious | a forgetful | a proud | a careful
        | a lonely | a generous | a nervous | a sleepy | a clumsy | a famous | a thrifty | a brave | a strict
        | a newly hired | a homesick | a left-handed | a talkative | a suspicious | a patient | a restless
        | a polite | a vain | a jealous
        """,
    "nature": """
        shy | busy | cheerful | stubborn | young | tired | curious | forgetful | proud | careful | lonely | brave
        """,
    "reader": """
        a ten-year-old | {a_nature} {job} | new {people} | {people} who {habit} | a foreign visitor | {people}
        | your future self | first-year students of {noun} | {nature} {people} | a group of {people}
        | elderly {people} | the parents of {nature} {people} | someone who has never seen {goods}
        """,
    "job": """
        baker | nurse | carpenter | lighthouse keeper | beekeeper | tailor | violin teacher | bus driver | gardener
        | plumber | librarian | dentist | fisherman | translator | waiter | judge | shepherd | astronaut | referee
        | chemist | tour guide | electrician | mayor | detective | shopkeeper | surgeon | postman | dancer | farmer
        | accountant | goldsmith | pilot | archivist | midwife | barber | locksmith | clown | miner | novelist
        | janitor | watchmaker | butcher | geologist | florist | customs officer | sailor | optician | bricklayer
        | cheesemaker | night porter | firefighter | economist | cobbler | swimmer | vet | glassblower | hotel owner
        | apprentice | ferryman | linguist
        """,
    "people": """
        neighbours | pensioners | tourists | cyclists | students | toddlers | colleagues | commuters | volunteers
        | hikers | knitters | twins | newcomers | campers | teenagers | parents | chess players | amateur cooks
        | singers | pet owners | gardeners | night workers | runners | collectors | birdwatchers | engineers
        | tenants | sailors | bakers | librarians | actors | cousins | patients | investors | voters | bloggers
        | climbers | drivers
        """,
    "adjective": """
        local | forgotten | cheap | handmade | wild | ancient | modern | noisy | frozen | rural | seasonal | rare
        | broken | gentle | bitter | colourful | secret | invisible | heavy | public | private | tropical | northern
        | digital | silent | reusable | borrowed | fragile | ordinary | imaginary | salty | steep | urban | spicy
        | stale | organic | unexpected | dusty | royal | portable | stolen | medieval | hollow | poisonous
        | transparent | outdated | waterproof | domestic | electric | ripe | crooked | polite | unfinished
        | magnetic | nocturnal | coastal | underground
        """,
    "quality": """
        practical | unusual | simple | funny | cheap | safe | clever | convincing | quick | healthy | surprising
        | polite | quiet | elegant | reliable | honest | gentle | bold | original | thoughtful | tidy | sturdy
        """,
    "noun": """
        weather | friendship | breakfast | traffic | migration | sleep | honesty | pottery | insurance | recycling
        | gravity | patience | bread | chess | inflation | tea | architecture | farming | sport | fashion | biology
        | trust | volcanoes | homework | electricity | democracy | silence | weddings | snow | rivers | privacy
        | taxes | soup | grammar | housing | allergies | robots | laundry | poetry | tides | stamps | bicycles
        | justice | ferries | carpets | glaciers | rumours | hunger | fossils | punctuality | tourism | vaccines
        | cheese | shadows | bees | statistics | marriage | furniture | satellites | gossip | irrigation | humour
        | dialects | bridges | memory | wool | trains | debts | algebra | mushrooms | loyalty | earthquakes
        | plastic | envy | ice cream | pensions | wolves | theatre | spices | elections | dust | exams | perfume
        | courage | coral reefs | castles | jazz | superstition | strikes | handwriting | rainbows | chemistry
        | noise | deserts | puppets | sugar | astronomy | elevators | folklore | hospitals | yoga | moss | lotteries
        | canals | pollen | etiquette | mirrors | orchards | proverbs | tunnels | thunder | calendars | embroidery
        | salt
        """,
    "goods": """
        apples | umbrellas | candles | tickets | notebooks | lemons | chairs | socks | eggs | postcards | batteries
        | carrots | lanterns | coins | pillows | seeds | bottles | gloves | biscuits | bricks | keys | onions
        | ladders | clocks | balloons | blankets | spoons | tomatoes | helmets | violins | buckets | cherries
        | boots | magnets | marbles | tents | kettles | mugs | scarves | ropes | dumplings | combs | walnuts | bells
        | cushions | stamps | peaches | wheels
        """,
    "tool": """
        bicycle | telescope | teapot | hammer | dictionary | thermometer | suitcase | compass | sewing machine
        | lamp | calculator | notebook | microscope | ladder | whistle | typewriter | wheelbarrow | stopwatch | kite
        | canoe | loom | piano | magnifying glass | rucksack | fountain pen | abacus | hourglass | toaster
        | pocket knife | hammock | drum
        """,
    "material": """
        wood | glass | paper | copper | wool | clay | bamboo | leather | stone | cardboard | silk | rubber | tin
        | wax
        """,
    "place": """
        in a mountain village | on a night train | at the harbour | in a crowded kitchen | at an airport
        | on a small island | in an abandoned factory | at the county fair | in a hospital ward | near the old mill
        | on the roof of a school | in a desert camp | at a border crossing | inside a submarine
        | in a rainy capital | on a space station | at the back of a theatre | in a flooded valley
        | beside a frozen lake | on market day | in a courtroom | under a bridge | at a petrol station
        | in a greenhouse | on a long-distance bus | at the zoo | in the waiting room | behind the stadium
        | in a lighthouse | on a vineyard | at a monastery | in a laundrette
        """,
    "plural_place": """
        villages | islands | harbours | suburbs | valleys | schools | kitchens | castles | markets | monasteries
        | hospitals | factories | gardens | mines | libraries | theatres | deserts | airports | lakes | prisons
        """,
    "event": """
        loses the only key | wins a strange prize | misses the last ferry | finds an unsigned letter
        | must apologise to a rival | forgets an important name | adopts a stray dog | is mistaken for someone else
        | inherits a leaking boat | wakes up a century later | has to share a taxi | breaks a promise
        | discovers a hidden door | receives a wrong parcel | falls asleep at work | is asked for advice
        | learns to swim | gets stuck in a lift | meets an old classmate | refuses a promotion | tells a small lie
        | repairs a broken radio | moves abroad | overhears a secret | burns the dinner | teaches a parrot to talk
        | invents a holiday | rents a haunted flat
        """,
    "deed": """
        save water | learn a language | calm an angry customer | sleep better | repair a fence | raise money
        | keep a diary | stay awake | remember birthdays | cook for strangers | cross a busy road | sell a used car
        | grow vegetables indoors | write legibly | negotiate the rent | protect a password | train a puppy
        | reduce waste | welcome a newcomer | prepare for a storm | give honest feedback | travel light
        | borrow a ladder | start a choir | avoid jargon | bake without eggs | settle a quarrel | read more
        | split a bill | find north without a compass
        """,
    "doing": """
        baking bread | learning to juggle | repairing shoes | moving house | keeping bees | swimming outdoors
        | speaking in public | growing mushrooms | renting a flat | sailing at night | folding shirts | hiring staff
        | washing wool | planting trees | changing a tyre | studying abroad | queuing | shopping on a budget
        | knitting | watching birds | brewing tea | telling jokes | tuning a guitar | climbing stairs
        | collecting shells | restoring furniture | grading essays | counting stars | working from home
        | cleaning windows | writing code
        """,
    "habit": """
        never travel | dislike mornings | work at night | share one kitchen | love puzzles | cannot swim
        | speak softly | have little money | live on boats | hate surprises | are always late | eat no meat
        | collect old radios | forget their keys | own too many books | are learning to cook
        """,
    "habit_one": """
        never travels | dislikes mornings | works at night | shares one kitchen | loves puzzles | cannot swim
        | speaks softly | has little money | lives on a boat | hates surprises | is always late | eats no meat
        | collects old radios | opens only in winter | employs former sailors | sells nothing new
        """,
    "occasion": """
        a birthday party | a weekend trip | a school reunion | a chess tournament | a street market
        | a silent retreat | a picnic | a science fair | a farewell dinner | a book exchange | a charity run
        | a harvest festival | a talent show | a treasure hunt | a board game evening | a wedding breakfast
        | a training day | a puppet show
        """,
    "occasion_bare": """
        winter | exam week | harvest | wartime | a heat wave | the holidays | a power cut | carnival | childhood
        | a strike | pregnancy | an election | a long flight | retirement
        """,
    "business": """
        a bakery | a bicycle repair shop | a floating hotel | a second-hand bookshop | a bus company | a tea house
        | a robot rental | a seed library | a tiny cinema | a shoe workshop | a language school | a pottery studio
        | a dairy | an orchard | a night kindergarten | a hat shop | a mountain hut | a diving club
        """,
    "business_bare": """
        the bakery | the hotel | the school | the orchestra | the museum | the port | the circus | the spa | the zoo
        """,
    "purpose": """
        ends with an unexpected apology | sounds convincing to children | hides a small joke | explains the delay
        | could win a prize | contains three lies | makes the reader hungry | starts in the middle | rhymes twice
        | comforts a friend | saves the day | would fit on a postcard | asks for nothing | leaves one question open
        """,
    "code": """
        Python | JavaScript | Rust | Java | Go | Ruby | C | Kotlin | TypeScript | Haskell | SQL | Bash
        """,
    "computes": """
        merges two sorted lists | counts the vowels of a sentence | rotates a square matrix | finds duplicate words
        | converts Roman numerals | validates an email address | sums the even numbers
        | reverses each word of a line | computes the median | groups words by length | checks for balanced brackets
        | lists all prime factors | formats a duration in seconds | flattens nested lists
        | finds the longest run of equal letters | schedules meetings without overlap
        | encodes text with a shift cipher | computes the day of the week
        """,
    "handles": """
        returns nothing for empty input | ignores upper case | keeps the original order
        | raises an error for bad input | runs in linear time | works without recursion | prints each step
        | accepts any number of arguments | treats negative numbers correctly | skips white space
        | comes with two tests | uses no extra memory
        """,
    "text": """
        customer review | email | paragraph | news article | diary entry | chat message | short story | poem
        | speech | recipe | job advertisement | product description | meeting protocol | contract clause
        | love letter | forum post | complaint | travel report | abstract | dialogue | invitation | obituary
        | manual page | song verse | lecture | headline | weather report | interview | bug report | theatre review
        | tweet | biography | legal notice
        """,
    "aspect": """
        the main idea | its humour | the costs | the order of events | the names involved | politeness | the dates
        | the rhyme | the emotional tone | legal terms | the most recent events | word length | what remains unsaid
        | the weakest argument | the setting | urgency | the numbers | alphabetical order | the final decision
        | clarity
        """,
    "pieces": """
        sentences | bullet points | short lines | words | paragraphs | steps | headings | questions
        """,
    "mistakes": """
        spelling mistakes | grammar errors | wrong dates | sums | false claims | commas | tense errors | repetitions
        """,
    "tone": """
        friendly | formal | humorous | apologetic | neutral | warm | firm | dry | poetic | cheerful | cautious
        | solemn
        """,
    "period": """
        weekly | daily | monthly | two-day | morning | seasonal | ten-day | yearly | evening
        """,
    "language": """
        Spanish | French | German | Italian | Polish | Swedish | Turkish | Latin | Dutch | Greek | Japanese | Welsh
        | Portuguese | Czech | Danish | Swahili | Hungarian | Icelandic
        """,
    "labels": """
        positive, negative or neutral | sport, politics or science | joy, anger, fear or sadness
        | urgent, normal or low priority | formal, informal or slang | fact, opinion or advice | spam or not spam
        | praise, complaint or question | fiction, news or instruction | easy, medium or hard
        | past, present or future | true, false or unknown | refund, delivery or login | sarcastic or sincere
        | agree, disagree or unclear | adventure, romance or horror | order, request or threat
        | polite, neutral or rude | cause, effect or neither | child, teenager or adult | finance, health or travel
        | warning, promise or apology
        """,
    "pair": """
        positive or negative | serious or joking | fact or opinion | formal or informal | polite or rude
        | true or false | urgent or not urgent | biased or neutral | hopeful or resigned | complete or incomplete
        | spam or harmless | sarcastic or sincere | satisfied or dissatisfied | genuine or invented | for or against
        """,
}
