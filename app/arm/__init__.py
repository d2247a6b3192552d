"""What a person does about the arm itself: holding, checklists, its box and its speed."""
