"""How a condition says what is wrong with it: where, what was expected, and the nearest thing that exists."""

from __future__ import annotations

from typing import Any, Final

from filon.core.conditions.words import Words

_CATALOGUE: Final = {
    "nothing": Words(
        "Expected a condition, for example: stage = mql", "Une condition est attendue, par exemple : stage = mql"
    ),
    "too_long": Words("The condition is longer than {limit} characters", "La condition dépasse {limit} caractères"),
    "too_deep": Words(
        "The condition is nested more than {limit} levels deep",
        "La condition est imbriquée sur plus de {limit} niveaux",
    ),
    "character": Words("Unexpected character {found}", "Caractère inattendu : {found}"),
    "forbidden": Words(
        "This character cannot be stored, so nothing can equal it; remove it",
        "Ce caractère ne peut pas être enregistré, rien ne peut donc lui être égal ; retirez-le",
    ),
    "curly": Words('Write quotes as "', 'Écrivez les guillemets ainsi : "'),
    "double_equals": Words("Write = for “equal to”", "Écrivez = pour « égal à »"),
    "unequal": Words("Write != for “not equal to”", "Écrivez != pour « différent de »"),
    "unclosed_text": Words(
        "This text has no closing quote; put a text that holds an apostrophe in double quotes",
        "Ce texte n'a pas de guillemet fermant ; mettez entre guillemets doubles un texte qui contient une apostrophe",
    ),
    "field": Words(
        "Expected a field name, “not”, “count(” or a parenthesis, found {found}",
        "Un nom de champ, « not », « count( » ou une parenthèse est attendu, trouvé : {found}",
    ),
    "unknown_field": Words("There is no field {name}", "Le champ {name} n'existe pas"),
    "unknown_field_near": Words(
        "There is no field {name}; did you mean {near}?", "Le champ {name} n'existe pas ; vouliez-vous dire {near} ?"
    ),
    "attribute_name": Words(
        'Expected the name of an attribute after the point, for example: attributes."Lead Origin"',
        'Le nom d\'un attribut est attendu après le point, par exemple : attributes."Lead Origin"',
    ),
    "operator": Words(
        "Expected {operators} after {field}, found {found}", "{operators} : attendu après {field}, trouvé : {found}"
    ),
    "operator_not_for": Words(
        "{field} does not compare with {operator}; it can use {operators}",
        "{field} ne se compare pas avec {operator} ; utilisez {operators}",
    ),
    "empty_word": Words(
        "Expected “empty” or “not empty” after “is”, found {found}",
        "« empty » ou « not empty » est attendu après « is », trouvé : {found}",
    ),
    "value": Words(
        "Expected a value for {field}, found {found}", "Une valeur est attendue pour {field}, trouvé : {found}"
    ),
    "empty_value": Words(
        "Nothing compares with an empty value; write: {field} is empty",
        "Rien ne se compare à une valeur vide ; écrivez : {field} is empty",
    ),
    "number": Words(
        "{field} expects a number such as 50 or 12.5, found {found}",
        "{field} attend un nombre comme 50 ou 12.5, trouvé : {found}",
    ),
    "number_text": Words(
        "Expected a number such as 50 or 12.5: an attribute is ordered by numbers only",
        "Un nombre comme 50 ou 12.5 est attendu : un attribut ne s'ordonne que par des nombres",
    ),
    "number_long": Words("A number has at most 15 digits", "Un nombre a au plus 15 chiffres"),
    "whole": Words(
        "{field} expects a whole number, found {found}", "{field} attend un nombre entier, trouvé : {found}"
    ),
    "reference": Words(
        "{field} is compared by its number only, found {found}",
        "{field} se compare par son numéro seulement, trouvé : {found}",
    ),
    "boolean": Words("{field} expects true or false, found {found}", "{field} attend true ou false, trouvé : {found}"),
    "moment": Words(
        "{field} expects a date such as 2026-03-01, a time such as 2026-03-01T14:30, or now - 7 days, found {found}",
        "{field} attend une date comme 2026-03-01, une heure comme 2026-03-01T14:30, ou now - 7 days, trouvé : {found}",
    ),
    "no_such_moment": Words("{found} is no date of the calendar", "{found} n'est pas une date du calendrier"),
    "year": Words("Expected a year from 1900 to 2999", "Une année de 1900 à 2999 est attendue"),
    "choice": Words(
        "{field} is one of {choices}; found {found}", "{field} vaut l'un de : {choices} ; trouvé : {found}"
    ),
    "choice_near": Words(
        "{field} cannot be {found}; did you mean {near}?",
        "{field} ne peut pas valoir {found} ; vouliez-vous dire {near} ?",
    ),
    "open_list": Words(
        "Expected a list such as (a, b), found {found}", "Une liste comme (a, b) est attendue, trouvé : {found}"
    ),
    "list": Words(
        "Expected a comma or a closing parenthesis, found {found}",
        "Une virgule ou une parenthèse fermante est attendue, trouvé : {found}",
    ),
    "close": Words(
        "Expected “and”, “or” or a closing parenthesis, found {found}",
        "« and », « or » ou une parenthèse fermante est attendu, trouvé : {found}",
    ),
    "join": Words(
        "Expected “and”, “or” or the end, found {found}", "« and », « or » ou la fin est attendu, trouvé : {found}"
    ),
    "several_words": Words(
        'Put a value of several words in quotes: "{value} …"',
        'Mettez entre guillemets une valeur de plusieurs mots : "{value} …"',
    ),
    "open_count": Words("Expected ( after “count”", "Une parenthèse ( est attendue après « count »"),
    "count_inside": Words(
        "An act cannot count other acts: “count” does not go inside “where”",
        "Une activité n'en compte pas d'autres : « count » ne va pas dans « where »",
    ),
    "kind": Words(
        "Expected a kind of act or “any”, found {found}", "Un type d'activité ou « any » est attendu, trouvé : {found}"
    ),
    "unknown_kind": Words("There is no kind of act {name}", "Le type d'activité {name} n'existe pas"),
    "unknown_kind_near": Words(
        "There is no kind of act {name}; did you mean {near}?",
        "Le type d'activité {name} n'existe pas ; vouliez-vous dire {near} ?",
    ),
    "after_kind": Words(
        "Expected “where”, a comma and a window such as 30 days, or a closing parenthesis, found {found}",
        "« where », une virgule et une durée comme 30 days, ou une parenthèse fermante est attendu, trouvé : {found}",
    ),
    "duration": Words(
        "Expected a duration such as 30 days, found {found}", "Une durée comme 30 days est attendue, trouvé : {found}"
    ),
    "unit": Words(
        "Expected minutes, hours, days, weeks or months, found {found}",
        "minutes, hours, days, weeks ou months est attendu, trouvé : {found}",
    ),
    "duration_range": Words(
        "A duration is at least one unit and at most 100 years",
        "Une durée est d'au moins une unité et d'au plus 100 ans",
    ),
    "count_operator": Words(
        "Expected a comparison after count(…), such as >= 2, found {found}",
        "Une comparaison comme >= 2 est attendue après count(…), trouvé : {found}",
    ),
    "count_number": Words(
        "Expected a whole number of acts from 0 to 1000000, found {found}",
        "Un nombre entier d'activités de 0 à 1000000 est attendu, trouvé : {found}",
    ),
    "end": Words("the end", "la fin"),
    "one_value": Words(
        "Expected one value, found {found} after it", "Une seule valeur est attendue, trouvé ensuite : {found}"
    ),
    "no_rows": Words("A group needs at least one condition", "Un groupe contient au moins une condition"),
}


class ConditionError(ValueError):
    """A condition that cannot be understood.

    `message` is English, `words` has both languages. `position` and `length` (characters) say where in the text; for
    the rows of a form they stand in the row's value, and `row` is the path to it from the outer group, from 0.
    """

    def __init__(self, message: Words, position: int, length: int, *, row: tuple[int, ...] = ()) -> None:
        super().__init__(message.en)
        self.words = message
        self.position = position
        self.length = length
        self.row = row

    @property
    def message(self) -> str:
        """What was expected, in English."""
        return self.words.en


def wording(code: str, **details: Any) -> Words:
    """The words of one mistake, filled."""
    return _CATALOGUE[code].filled(**details)


def explain_error(error: ConditionError, text: str, language: str) -> str:
    """The mistake for a terminal or a plain text: the message, the line it stands in, and a mark under the place."""
    position = min(error.position, len(text))
    start = text.rfind("\n", 0, position) + 1
    line = text[start:].split("\n", 1)[0]
    column = position - start
    begin = max(0, column - 40)
    shown = line[begin : column + 40].replace("\t", " ")
    width = max(1, min(error.length, len(line) - column, 40))
    return f"{error.words.in_language(language)}\n{shown}\n{' ' * (column - begin)}{'^' * width}"
