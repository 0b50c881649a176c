from torso.kernels.library import About as About
from torso.kernels.library import about as about
