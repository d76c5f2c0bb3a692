def uninstall_hook(env):
    """Take the triggers off the tables that stay: their function goes with the addon."""
    env["audit.trail.rule"]._drop_triggers()
