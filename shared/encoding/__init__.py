"""How text becomes what a model takes: one code for trainer and gateway, without torch."""
