"""What an agent decides (`backsim.gym`): when it is asked, what it sees, what its action does.

A decision is due before an event.  Each kind of decision has four functions, named after it:

- `due(world, kind, subject, now)`: whether the agent decides before this event;
- `see(world, kind, subject, now, horizon, width, seen)`: what it sees, into `seen`, which holds 0;
- `permit(world, kind, subject, legal)`: 1 for each action that is legal, into `legal`, else 0;
- `act(world, kind, subject, action)`: the action, where the rule that it stands for looks.
"""
