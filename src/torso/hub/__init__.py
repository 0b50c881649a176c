"""Getting models: what a name means, where its files are on this machine, and how they come here whole and verified.

Names load when they are first used, so that ``import torso.hub`` costs nothing. No module of this package has the name
of a function in it, since importing such a module would put it in the function's place.
"""

from torso.io.lazy_names import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "torso.hub.checking": ("Report", "check"),
        "torso.hub.getting": ("get",),
        "torso.hub.local.find": ("Snapshot",),
        "torso.hub.local.inventory": ("Model", "models", "remove"),
        "torso.hub.repairing": ("repair",),
        "torso.hub.resolution": ("resolve",),
    },
)
