"""Personal data as rows: the requests of people, what is held of them, how it is forgotten, and for how long it is kept."""
