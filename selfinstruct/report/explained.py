"""What each number of a report is called, and how to read it: shown beside the number, so that nobody has to guess.

EXPLAINED["diversity.vendi_score"]     # ("Vendi score", "how many different instructions they are worth ...")
"""

from __future__ import annotations

EXPLAINED: dict[str, tuple[str, str]] = {
    "yield.acceptance_rate": ("acceptance rate", "accepted by candidates that were judged"),
    "diversity.rouge_l_to_seeds_mean": (
        "ROUGE-L to the seeds, mean",
        "the highest of each instruction; lower is newer",
    ),
    "diversity.rouge_l_to_pool_mean": ("ROUGE-L to the pool, mean", "the highest to seeds and earlier instructions"),
    "diversity.self_similarity": (
        "self-similarity",
        "mean ROUGE-L of all pairs of instructions (n); lower is more diverse",
    ),
    "diversity.distinct_1": ("distinct words", "different words by all words (n); falls as a set grows"),
    "diversity.distinct_2": ("distinct pairs of words", "the same for two words in a row"),
    "diversity.distinct_3": ("distinct triples", "the same for three"),
    "diversity.distinct_4": ("distinct fours", "the same for four"),
    "diversity.compression_ratio": (
        "compression ratio",
        "bytes (n) by compressed bytes; higher says the same more often",
    ),
    "diversity.vendi_score": (
        "Vendi score",
        "how many different instructions they are worth, from 1 to n; kernel: mean cosine of words and pairs of words",
    ),
    "verb_noun.found_share": ("verb and object found", "coverage of the method"),
    "verb_noun.verb_found_share": ("verb found", "with or without an object"),
    "verb_noun.covered_share": ("covered by the picture", "the 20 most frequent verbs, four objects each"),
    "verb_noun.pairs": ("different pairs", "of a verb and its object"),
    "length.instruction_words_median": ("words of an instruction, median", ""),
    "length.instruction_words_max": ("words of the longest instruction", ""),
    "length.input_words_median": ("words of an input that is not empty, median", ""),
    "length.input_words_max": ("words of the longest input", ""),
    "length.output_words_median": ("words of an output, median", ""),
    "length.output_words_max": ("words of the longest output", ""),
    "saturation.yield_first_quarter": ("accepted a request, first quarter", "n: requests"),
    "saturation.yield_last_quarter": ("accepted a request, last quarter", "n: requests"),
    "saturation.new_words_first_quarter": (
        "new words, first quarter",
        "words nobody had used, by all words accepted there (n)",
    ),
    "saturation.new_words_last_quarter": (
        "new words, last quarter",
        "words nobody had used, by all words accepted there (n)",
    ),
    "saturation.cost_per_accepted_usd_first_quarter": (
        "dollars an accepted one, first quarter",
        "of bootstrap requests only; n: accepted ones",
    ),
    "saturation.cost_per_accepted_usd_last_quarter": (
        "dollars an accepted one, last quarter",
        "of bootstrap requests only; n: accepted ones",
    ),
    "instances.none_share": ("instructions without an instance", ""),
    "instances.empty_input_share_classification": ("empty inputs, classification tasks", "of their instances"),
    "instances.empty_input_share_other": ("empty inputs, other tasks", "of their instances"),
    "labels.distinct": ("different labels", "of classification tasks, case folded"),
    "labels.balance_mean": (
        "balance of labels, mean",
        "of tasks with two instances; 1: equally frequent, 0: all the same",
    ),
    "labels.single_label_share": ("tasks with one label only", "of those with two instances"),
    "bdd.scenarios": ("scenarios", "instructions that hold one"),
    "bdd.scenario_share": ("instructions with a scenario", ""),
    "bdd.gherkin_share": ("scenarios that parse", "as they stand, by Cucumber's parser"),
    "bdd.in_order_share": ("scenarios in order", "Given, When, Then: all there, none after a later one"),
    "bdd.code_compiles_share": ("outputs that compile", "as Python; nothing is run"),
    "bdd.steps_matched_share": ("steps with a step function", "kind and whole text fit"),
    "bdd.all_steps_matched_share": ("outputs that match every step", "and define no step twice"),
    "review.valid_task_share": ("valid task", "share of yes"),
    "review.appropriate_input_share": ("appropriate input", "share of yes"),
    "review.correct_output_share": ("correct output", "share of yes"),
    "review.all_share": ("all of them", "instances for which every answer is yes"),
}


def title(name: str) -> str:
    """Return what a number is called; its metric name where nothing better is known."""
    return EXPLAINED[name][0] if name in EXPLAINED else name


def meaning(name: str) -> str:
    """Return how to read a number, or ""."""
    return EXPLAINED[name][1] if name in EXPLAINED else ""
