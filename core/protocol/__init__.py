"""The text protocol between the studio and a MolmoAct model: prompts, answers, actions."""
