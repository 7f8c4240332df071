from handlers.fields import *
from handlers.fields import Rule, dump, loads, read
