"""The words that the lexicon method knows: verbs that tasks ask for, and the small words that end a noun phrase.

Written by hand for instructions in English. `VERBS` holds base forms; a word may be a noun too (list, name, order),
since what counts is where it stands. What is in no list is taken for a noun where a noun may stand.
"""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


VERBS = _words(
    """
    abbreviate abridge accelerate accept access accommodate accompany achieve acquire act activate adapt add
    address adjust adopt advertise advise advocate aggregate align allocate allow alphabetize alter amend
    amplify analyze anglicize animate annotate announce answer anticipate apologize appeal append apply appraise
    approve approximate argue arrange articulate ask assemble assert assess assign assist assume attach attempt
    audit augment automate avoid award backtranslate bake balance ban base become begin bend book boost
    bootstrap brainstorm break brew brief bring broaden browse budget build bundle buy calculate calibrate call
    cancel capitalize caption capture carry cast catalog categorize celebrate censor center challenge change
    characterize chart check choose chunk circle cite claim clarify classify clean clear close cluster coach
    code collaborate collate collect color combine come comment communicate compare compile complete compliment
    compose compress compute concatenate conceive conceptualize conclude condense conduct configure confirm
    conjugate connect consider consolidate construct consult contact continue contrast contribute control
    convert convey convince cook coordinate copy correct count counter cover craft create criticize critique
    crop cross cultivate curate customize cut cypher damage dance date debate debug decide decipher declare
    decline decode decompose decorate decrease decrypt dedicate deduce deduct deepen define delete deliver
    demonstrate deploy derive describe design designate detail detect determine develop devise diagnose dictate
    differentiate digitize direct disagree discover discuss display dispute distill distinguish distribute
    divide do document donate double download draft draw drive drop duplicate edit educate elaborate elect
    elicit eliminate embed emphasize employ emulate enable encode encourage encrypt end endorse engage enhance
    enlarge enlist enrich ensure enter entertain entitle enumerate equip erase escape establish estimate
    evaluate examine exchange exclude execute exemplify exercise expand experiment explain explicate explore
    export express extend extract extrapolate fabricate factor fake fetch figure file fill filter finalize find
    finish fit fix flag flip fold follow forecast forge form formalize format formulate found frame gather gauge
    generalize generate get give go grade grant greet group grow guess guide handle hash have help highlight
    hypothesize identify illustrate imagine imitate implement import improve improvise include incorporate
    increase indent index indicate infer inform initialize input insert inspect inspire install instruct
    integrate interchange interpolate interpret interview introduce invent inverse invert investigate invite
    invoke iterate join journal judge justify keep know label launch lay lead learn leave lemmatize lend let
    lengthen liken limit link list listen load localize locate look lower maintain make manage manipulate map
    mark market match maximize measure meditate memorize mention merge mimic minimize mix model moderate
    modernize modify monitor motivate move multiply name narrate narrow navigate negate negotiate nominate normalize
    note notice notify number obtain offer omit open operate optimize order organize outline output overcome overview
    pack paint pair paraphrase pare parody parse participate partition pass paste pay perform permute
    personalize personify persuade phrase pick pinpoint pitch place plan play plot plug ponder pose post
    practice praise predict prefix prepare present preserve pretend prevent print prioritize process procure
    produce program progress project promote prompt pronounce proofread propose protect prove provide prune
    publish pull punctuate purchase push put query question quiz quote raise randomize rank rate rationalize
    read realize rearrange rebut recall recast receive recite recognize recommend reconstruct record recount
    recreate rectify recycle redact redesign redo reduce refactor refer refine reflect reflow reformat
    reformulate reframe refute regenerate register regroup reinterpret relate release remember remind remix
    remove rename render reorder reorganize repair repeat rephrase replace replicate reply report repost
    represent reproduce request research reserve reset reshape resolve respond restate restore restructure
    retell retrieve return reuse reveal reverse review revise rewind revisit reword rewrite rhyme role-play
    rotate round route run satirize save say scale scan schedule score scramble scrape script search section
    segment select sell send separate sequence serve set settle shape share shift shorten show shuffle sign
    simplify simulate sing sketch skip slice slim solve sort space speak specify speculate spell spin split spot
    stand standardize start state steer stem step stop streamline strengthen stress stretch string strip
    structure study style submit substitute subtract suggest sum summarize supply support suppose survey swap
    switch symbolize synthesize systematize tabulate tackle tag tailor take talk teach tell test text think
    tighten title tokenize touch trace track train transcribe transfer transform translate transliterate
    transmit transpose travel treat trim troubleshoot truncate try tune turn tweak tweet type understand undo
    unify unite unscramble unveil update upgrade upload uppercase use utilize validate value vary verify view
    visit visualize vote walk watch weave weigh word work wrap write
    """
)

# Nouns as often as verbs: at the start of a sentence they are verbs, in the middle of one they are not looked for.
ALSO_NOUNS = _words(
    """
    access act address advertise answer award balance ban base book boost break brew brief budget call cast
    catalog center challenge change chart check circle claim clear close cluster coach code color comment
    complete contact contrast control copy correct count counter cover craft cross cut damage dance date debate
    decline design detail direct display document double download draft draw drive drop email end estimate
    exercise experiment export extract factor fake figure file fill filter fit fix flag flip fold forecast form
    format found frame function go grade grant group guess guide handle hash help highlight import increase
    index input interview judge label launch lay lead limit link list load look lower map mark market match
    measure mention mix model move name narrow note notice number offer open order outline output overview pack
    paint pair pass paste pay permit phrase pick pitch place plan play plot plug post practice praise present
    print process produce program progress project prompt purchase push query question quiz quote raise range
    rank rate read record release rename repeat reply report request research reserve reset result return
    reverse review rhyme round route run scale scan schedule score script search section segment sequence set
    shape share shift show sign sketch slice sort space spell spin split spot stand start state stem step stop
    stress stretch string strip structure study style sum supply support survey swap switch tag talk test text
    title touch trace track train transfer travel treat trim try tune turn tweet type update upgrade use value
    view visit vote walk watch weave word work wrap separate
    """
)

# Verbs with a particle that belongs to them: "fill in the form" has the object form.
PARTICLES = {
    "add": _words("up"),
    "act": _words("out"),
    "break": _words("down up"),
    "bring": _words("up"),
    "carry": _words("out"),
    "clean": _words("up"),
    "cut": _words("down out off"),
    "draw": _words("up"),
    "figure": _words("out"),
    "fill": _words("in out"),
    "find": _words("out"),
    "give": _words("back"),
    "lay": _words("out"),
    "list": _words("out down"),
    "look": _words("up"),
    "make": _words("up"),
    "map": _words("out"),
    "narrow": _words("down"),
    "pick": _words("out up"),
    "plan": _words("out"),
    "point": _words("out"),
    "put": _words("together up"),
    "read": _words("out aloud"),
    "rule": _words("out"),
    "seek": _words("out"),
    "set": _words("up"),
    "sort": _words("out"),
    "speed": _words("up"),
    "spell": _words("out"),
    "split": _words("up"),
    "sum": _words("up"),
    "swap": _words("out"),
    "take": _words("away out"),
    "think": _words("up"),
    "turn": _words("off on down"),
    "type": _words("out"),
    "weed": _words("out"),
    "work": _words("out"),
    "write": _words("down out up"),
}

# Verbs that take somebody before their object: "tell him a story" has the object story.
GIVING = _words("ask bring buy find get give lend offer pay send show teach tell write")

# Verbs whose object follows a preposition, and the name they are counted under.
PHRASES = {
    ("come", "up", "with"): "come up with",
    ("think", "of"): "think of",
    ("look", "for"): "look for",
    ("search", "for"): "search for",
    ("ask", "for"): "ask for",
}

DETERMINERS = _words(
    """
    a an the this these those my your our his her their its some any each every all both another no such either
    one's someone's following
    """
)
NUMBER_WORDS = _words(
    """
    one two three four five six seven eight nine ten eleven twelve fifteen twenty fifty hundred dozen
    """
)
PREPOSITIONS = _words(
    """
    about above according across after against along amid among amongst around as at based because before behind
    below beneath beside besides between beyond by despite down during except for from if in inside into like
    near of off on onto out outside over per regarding since than through throughout to toward towards under
    underneath unless until up upon using versus via vs when whenever where whereas while whilst with within
    without considering concerning including
    """
)
PRONOUNS = _words(
    """
    i i'm i've me we us you you're you've he him she they they're them it it's itself yourself themselves
    somebody someone anyone anything something everything everyone nothing others
    """
)
WH_WORDS = _words("what which who whom whose when where why how whether if that")
AUXILIARIES = _words(
    """
    is are was were be been being am isn't aren't has had does did doesn't didn't don't can could will would
    shall should may might must cannot can't won't
    """
)
JOINERS = _words("and or but nor so then yet & plus")
DEGREES = _words(
    """
    more most less least very too quite rather really much far even enough also again back together apart
    """
)
AFTER_NOUNS = _words(
    """
    today now here there below nearby above please instead ago away forward online else yet along aloud once twice etc
    """
)
PARTICIPLES = _words(
    """
    written made given found known shown taken told said seen spoken drawn built sold held kept left done
    """
)
POLITE = _words(
    """
    please kindly now then next first firstly second secondly third finally lastly also again just simply
    """
)
NEGATIONS = _words("don't never not avoid dont")
SCENE_VERBS = _words("imagine suppose pretend assume")

# Words in -ly, -ed and -ing that are nouns, or the first part of one ("a reply", "a machine learning model").
LY_NOUNS = _words("reply family supply assembly anomaly monopoly butterfly fly ally jelly belly rally italy july")
ED_NOUNS = _words("seed need speed feed breed bed red weed shed hundred creed steed thread bread head lead id")
ING_NOUNS = _words(
    """
    accounting advertising banking beginning blessing branding building camping ceiling clothing coding
    computing cooking decision-making dancing drawing driving dwelling earning ending engineering evening
    exercising farming feeling finding fishing funding gaming gardening gathering greeting heading hearing
    hiking hosting housing investing king learning lighting listening listing living making manufacturing
    marketing meaning meeting mining modeling morning networking opening outing painting parenting parsing
    phrasing planning pricing printing problem-solving processing programming pudding ranking rating reading
    reasoning recording recycling ring running saving saying selling setting shipping shopping singing speaking
    spelling spring string styling surfing swimming tagging teaching testing thing timing training traveling
    warning wedding wording working writing
    """
)

# Never the head of a noun phrase: words that say how something is. Comparatives are found by their ending.
ADJECTIVES = _words(
    """
    able accurate active actual additional adequate alphabetical amazing ancient applicable appropriate
    available average aware bad basic beautiful beneficial best better big blank bold brief bright broad busy
    capable careful catchy certain cheap clean clear clever clickable close coherent cold common compelling
    complete complex comprehensive concise concrete consistent convincing cool correct corresponding crazy
    creative critical cute daily dangerous dark deep delicious descriptive detailed different difficult distinct
    dramatic dry due early easy effective efficient elegant emotional engaging entire equal essential exact excellent
    exciting existing expensive extra factual fair false familiar famous fast few final fine fluent formal free
    fresh friendly full fun funny general good grammatical great happy hard healthy helpful high historical hot
    huge humorous hypothetical imaginary important impressive incorrect independent informal informative
    innovative inspiring interesting intriguing key kind large last late latest less likely literal little live
    logical lone long loud low lyrical main major many meaningful memorable middle minor missing modern multiple
    mysterious narrow necessary new next nice numerical obvious odd old only open opposite original other
    overall own particular perfect persuasive poetic polite poor popular possible potential powerful practical
    precise primary private proper public quick quiet rare ready realistic recent regular related relevant
    reliable respective rich right romantic sad safe same scary separate serious several shared short
    significant silly similar simple single slow small smart smooth soft specific strange strong suitable
    superlative surprising sweet tall technical terrible thoughtful tiny top total traditional true typical
    unique unusual upcoming useful usual valid valuable various vivid warm weak weird well whole wide wise witty
    wonderful worse worst wrong young
    """
)

IRREGULAR_NOUNS = {
    "children": "child",
    "people": "person",
    "men": "man",
    "women": "woman",
    "mice": "mouse",
    "feet": "foot",
    "teeth": "tooth",
    "geese": "goose",
    "lives": "life",
    "wives": "wife",
    "knives": "knife",
    "leaves": "leaf",
    "halves": "half",
    "shelves": "shelf",
    "wolves": "wolf",
    "thieves": "thief",
    "criteria": "criterion",
    "phenomena": "phenomenon",
    "analyses": "analysis",
    "hypotheses": "hypothesis",
    "theses": "thesis",
    "crises": "crisis",
    "synopses": "synopsis",
    "diagnoses": "diagnosis",
    "axes": "axis",
    "bases": "basis",
    "indices": "index",
    "matrices": "matrix",
    "vertices": "vertex",
    "movies": "movie",
    "cookies": "cookie",
    "calories": "calorie",
    "ties": "tie",
    "pies": "pie",
    "zombies": "zombie",
    "heroes": "hero",
    "potatoes": "potato",
    "tomatoes": "tomato",
    "echoes": "echo",
    "buses": "bus",
    "gases": "gas",
    "viruses": "virus",
    "statuses": "status",
    "quizzes": "quiz",
    "caches": "cache",
    "biases": "bias",
    "canvases": "canvas",
    "aliases": "alias",
    "atlases": "atlas",
}
# End in s and are singular, or have no singular of that meaning.
SAME_IN_PLURAL = _words(
    """
    news series species means physics mathematics economics politics ethics statistics linguistics athletics
    mechanics electronics genetics graphics dynamics logistics analytics lens bias gas bus plus canvas atlas
    chaos christmas alias always this pros cons thanks clothes scissors glasses goods lyrics
    """
)
