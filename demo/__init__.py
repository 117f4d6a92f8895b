"""The main job, end to end, in the sandbox: provision, publish, deploy, analyse, refuse a bad release."""
