"""MolmoAct for transformers: configuration, network, pictures, prompts, depth codec, loading."""
