"""The rules between segments, for each transaction set in the order in which they speak."""

from gateway.x12.check_rule import PostalCode, Rule
from gateway.x12.check_rules_820 import Balance, EntSequence
from gateway.x12.check_rules_834 import DateOrder, Language, MemberCounts, MemberRelation

RULES: dict[str, tuple[type[Rule], ...]] = {
    "834": (MemberCounts, MemberRelation, DateOrder, PostalCode, Language),
    "820": (Balance, EntSequence, PostalCode),
}
