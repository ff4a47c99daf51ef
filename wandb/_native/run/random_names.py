"""Names for runs without a name."""

import secrets

_ADJECTIVES = """
amber autumn balmy bold brave breezy bright bronze calm candid clever coastal copper coral cosmic crisp curious
dapper daring dawn deft distant dusky eager early earnest fair floral gentle gilded glad golden grand hardy hazel
humble ivory jolly keen kind lively lofty lucid lunar mellow merry misty modest noble northern opal patient polar
proud quiet rapid rustic serene silent silver sincere solar spirited stellar sunny swift tidal tranquil upbeat
verdant vivid warm wild winter wise zesty
"""
_NOUNS = """
acorn alder anchor aspen aurora badger basin bay beacon birch blossom bluff brook canyon cedar cliff cloud comet
cove crane creek crest dale delta dune eagle ember falcon fern field finch fjord forest fox galaxy glade glen grove
gulf harbor haven heron hill horizon island kestrel lagoon lake lantern larch lynx maple marsh meadow mesa moon moor
nebula oak ocean orbit orchard otter peak pebble pine planet plateau pond prairie quartz rain raven reef ridge river
robin shore sky snow sparrow spring spruce star stone stream summit sun tide trail valley wave willow wind wren
"""


def generate_name() -> str:
    """Return an adjective, a noun and a number, such as `misty-heron-417`."""
    adjective, noun = (secrets.choice(words.split()) for words in (_ADJECTIVES, _NOUNS))
    return f"{adjective}-{noun}-{secrets.randbelow(1000)}"
