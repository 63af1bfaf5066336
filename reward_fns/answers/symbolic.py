def canonical(tidied): return None
