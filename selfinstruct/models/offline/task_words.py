"""The sentences of the offline model's general tasks: a grammar as data, one symbol a key, alternatives parted by `|`.

A symbol in braces is replaced by one of its alternatives; `{n}`, `{m}`, `{minutes}` and `{count}` become numbers.
Alternatives that come first are drawn more often. Outside BLOCKED, no word is one that the shipped filters block.

    "form": "a limerick | a packing list"      "open": "{make} {form} about {topic} for {reader}."
"""

from __future__ import annotations

TASKS = {
    "open": """
        {make} {form} {about} {topic} {aimed_at} {reader}.
        | {make} {form} in which {person} {event} {place}.
        | {make} {form} where {thing} and {thing} {compete} over {topic}.
        | {explain} {topic} to {reader} with the help of {thing}.
        | {explain} how {doing} differs from {doing} {place}.
        | Suggest {n} {quality} ways {person} could {deed} {place}.
        | {make} {n} {quality} questions {about} {topic} that {person} may put to {person}.
        | Plan {occasion} {place} with {count} {people} who {habit} and {n} who {habit}.
        | Compare {thing} with {thing} as {person} would see them.
        | Describe {topic} to {reader} without naming {thing} or {goods}.
        | Name {n} reasons why {person} would rather {deed} than {deed}.
        | {count} {people} order {n} {goods} each {place}; how many boxes of {m} does {person} need?
        | {person} buys {count} {goods}, loses {n} to {person} and shares the rest with {m} {people}. How many are left?
        | {person} leaves at {m}:{minutes} with {thing} and needs {count} minutes for {doing}. When does it end?
        | Implement a {code} function that {computes}, {handles} and {handles}.
        | {make} a {code} class for {business} that keeps track of {goods} and {goods}.
        | {make} an SQL query that lists the {goods} {business} sold to {people} in the last {count} days.
        | Give {reader} {n} steps for {doing} when only {thing} is at hand.
        | Imagine that {person} {event}; {lower_make} {form} that {purpose}.
        | Invent {quality} slogans for {business} that {habit_one} and sells {adjective} {goods}.
        | {make} a conversation {about} {topic} between {person} and {person}.
        | Recommend {thing} to {person}, weighing {noun} against {topic}.
        | Set up a {period} timetable for {person}, who must {deed} and {deed}.
        | Predict what {topic} will mean for {business} in {count} years.
        | Argue in {form} that {people} should {deed} before they {deed}.
        | Teach {reader} {n} {language} words for {doing} and {doing}.
        | {make} a riddle whose answer is {thing}, hinting at {noun} and {noun}.
        | Advise {person} who {event} while {doing}.
        | Brainstorm {quality} uses for {adjective} {goods} during {occasion_bare}.
        | {make} rules for a game with {thing}, {count} {goods} and {n} {people}.
        | Play {person} and answer {n} questions {about} {topic} from {reader}.
        | Rank {goods}, {goods} and {goods} by their worth to {person} {place}.
        | Tell the history of {noun} and {noun} as {form}.
        | {make} a regular expression that finds {detail_plural} next to {detail_plural} and {handles}.
        | Design a quiz {about} {topic} with {n} questions, each with {m} {quality} answers {aimed_at} {reader}.
        | Budget {count} euros so that {person} can {deed} and buy {goods}.
        | Ask {person} for {thing} in {n} {tone} ways.
        | {make} vows for {person} and {person}, who met while {doing}.
        """,
    "question": """
        What should {person} know about {topic} before trying to {deed} {place}?
        | How would you explain {topic} to {a_nature} {job} who {habit_one}?
        | Why do {nature} {people} {place} care about {topic}, and {noun} less so?
        | Which {goods} would {person} take along {place} for {doing}?
        | If {person} {event} {place}, who should hear of it first, {person} or {person}?
        | Can {people} {deed} with nothing but {thing} and {goods}?
        | How does {noun} change {topic} {place}?
        | Is {doing} or {doing} better for {reader} who wants to {deed}?
        | What would {person} and {person} quarrel about during {occasion_bare}?
        | Who profits from {topic}, {business} or {people}?
        | Where could {person} hide {thing} from {count} {people}?
        """,
    "given": """
        Summarise the {source} below in {n} {pieces} {aimed_at} {reader}.
        | Rewrite the following {source} so that {reader} can enjoy {aspect}.
        | Extract {detail_plural} and {detail_plural} from the given {source}.
        | Pick the {goods} below that {person} can afford for {doing} with {count} euros.
        | Correct the {mistakes} in this {source}, and note why {noun} matters there.
        | Translate the given {source} into {language}, keeping {aspect}.
        | Using nothing but the {source} provided, answer the question about {topic}.
        | Turn the following {source} into {form}.
        | Continue this {source} until {person} {event}.
        | Halve the length of the given {source} but preserve {aspect} and all {detail_plural}.
        | Do the two remarks below, by {person} and {person}, clash over {topic}? Point to the words.
        | Reply to this {source} in a {tone} tone, offering {thing}.
        | Fill the gaps in the given {source} with {adjective} words.
        | Make a table out of the {source} below: {detail_plural} in one column, {detail_plural} in another.
        | Explain to {reader} what the {code} snippet below does and how {person} could make it {quality}.
        | Write {n} quiz questions on the given {source} for {reader}.
        | Sort the {goods} below by {aspect} for {person}.
        | Compute from the numbers below how much {business} earned with {goods} and {goods}.
        | Give this {source} a {quality} title that mentions {noun}.
        | Compare the two {texts} below, one by {person}, the other by {person}.
        | Put the sentences of this {source} in order, from {noun} to {noun}.
        """,
    "classify": """
        Classify this {source} as {labels}.
        | Decide whether the given {source} is {pair}, judging by {aspect}.
        | Label the {source} below with {labels}.
        | Which category fits the following {source}, {labels}?
        | Is the opinion on {topic} in this {source} {pair}?
        | Sort {texts} from {business} under {labels}, looking at {aspect} only.
        | Identify what fits the given {source}: {labels}.
        | Tell if {person} sounds {pair} in this {text} about {topic}.
        | Determine whether {person} would call the {source} below {pair}.
        | Assign one of the labels {labels} to the remark of {person} about {topic}.
        """,
    "extra": """
        Use at most {count} words.
        | Keep the tone {tone}.
        | Mention {thing} once.
        | Finish with a question to {reader}.
        | Leave out {topic}.
        | Give {n} {quality} alternatives.
        | Assume that {person} {habit_one}.
        | Explain your choice in {n} {pieces}.
        | {aimed_at_upper} {reader}.
        | Take {aspect} into account.
        | End where {person} {event}.
        | Answer as {person} would.
        | Stay within {count} letters, {noun} included.
        """,
}

BLOCKED = """
    Draw {form} that shows {topic}.
    | Find a picture of {thing} and describe it to {reader}.
    | Plot the number of {goods} that {person} sold in each month.
    | Create a graph of {topic} over the last {count} years.
    | Look at the image of {person} {place} and name every colour.
    | Save the list of {goods} to a file called {noun}.
    | Describe the way on a map from {business} to {business}.
    | Tell {person} to go to {business} and buy {n} {goods}.
    | Write a program that counts {goods} for {person}.
    """

FOREIGN = """
    Écrivez {form} pour {job}.
    | Übersetze den Text über {noun} ins Englische.
    | ¿Qué sabes de {noun}?
    | 请写一段关于 {noun} 的短文。
    | Опишите {noun} в трёх предложениях.
    | Élaborez un plan pour {doing}.
    """

SENTENCES = """
    The {job} {place} talks about {noun} every day.
    | {topic} matters more to {people} than {noun}.
    | Yesterday {person} brought {count} {goods} and {thing}.
    | Nobody expected {noun} to become so {quality}.
    | At first {person} {event}, and then everything went well.
    | The {adjective} {goods} arrived late, but the {job} stayed calm.
    | A {quality} answer is that {noun} depends on {noun}.
    | With {n} {goods} and some patience, {people} can {deed}.
    | {person} says that {topic} is worth the effort.
    | In short, {noun} is easier after {doing}.
    | Our {tool} broke on the way {place}.
    | I would buy the {tool} again for {count} euros.
    | There were {count} {people} and only {n} {goods}.
    """
