"""Secrets for tests, none of them real, put together here so that no scanner takes them for real ones."""

MIXED = "aB3dE5gH7jK9mN2pQ4sT6vX8zA1cD3fG5hJ7kL9nP2r"
HEX = "0123456789abcdef" * 4

TOKENS = {
    "AWS access key": "AK" + "IA" + "Z7QX2M4K9P1T5W3B",
    "GitHub token": "gh" + "p_" + MIXED[:36],
    "GitLab token": "glp" + "at-" + MIXED[:20],
    "Hugging Face token": "h" + "f_" + MIXED[:34],
    "Anthropic key": "sk-" + "ant-api03-" + MIXED,
    "OpenAI key": "s" + "k-proj-" + MIXED,
    "Stripe key": "sk_" + "live_" + MIXED[:24],
    "Slack token": "xo" + "xb-123456789012-" + MIXED[:20],
    "Slack webhook": "https://hooks." + "slack.com/services/T00000000/B00000000/" + MIXED[:24],
    "Google API key": "AI" + "za" + MIXED[:35],
    "Google OAuth token": "ya" + "29." + MIXED[:30],
    "JSON Web Token": "ey" + "J" + MIXED[:20] + ".ey" + "J" + MIXED[:30] + "." + MIXED,
    "npm token": "np" + "m_" + MIXED[:36],
    "PyPI token": "py" + "pi-AgEIcHlwaS5vcmc" + MIXED + MIXED,
    "SendGrid key": "S" + "G." + MIXED[:22] + "." + MIXED,
    "Databricks token": "da" + "pi" + HEX[:32],
    "DigitalOcean token": "do" + "p_v1_" + HEX,
    "Replicate token": "r" + "8_" + MIXED[:37],
    "Telegram bot token": "123456789:" + "AA" + MIXED[:33],
    "private key": "-----BEGIN "
    + "RSA PRIVATE KEY-----\n"
    + MIXED
    + "\n"
    + MIXED
    + "\n-----END RSA PRIVATE KEY-----",
}
"""One of each form whose whole text is the secret, by its kind."""

ORDINARY = {
    "architectures": ["BertForMaskedLM"],
    "_name_or_path": "sentence-transformers/all-MiniLM-L6-v2",
    "tokenizer_class": "BertTokenizer",
    "pad_token": "[PAD]",
    "bos_token": "<|begin_of_text|>",
    "eos_token": {"content": "</s>", "lstrip": False},
    "unk_token": "<unk>",
    "mask_token": "<mask>",
    "image_token": "<image_soft_token>",
    "additional_special_tokens": ["<|reserved_special_token_250|>", "<extra_id_99>"],
    "pad_token_id": 0,
    "bos_token_id": 128000,
    "forced_bos_token_id": None,
    "max_new_tokens": 512,
    "token_type": "segment_ids_0123456789",
    "tokenizer": "meta-llama/Llama-3.2-1B",
    "tokenizer_file": "/usr/share/models/tokenizer.json",
    "token_dropout": "0.1",
    "token": None,
    "use_auth_token": True,
    "hub_token": "<HUB_TOKEN>",
    "push_to_hub_token": "<PUSH_TO_HUB_TOKEN>",
    "hf_token": "$HF_TOKEN",
    "api_key": "${API_KEY}",
    "wandb_api_key": "****",
    "password": "",
    "passwd": "None",
    "secret": "<your secret here>",
    "secret_name": "training-credentials",
    "api_key_env": "WANDB_API_KEY",
    "credentials": "configs/service.json",
    "key_padding_mask": "attention_mask_1",
    "private_key_path": "keys/id",
    "key": "encoder.layers.0.attention.key",
    "commit": "0123456789abcdef0123456789abcdef01234567",
    "git_sha": "0123456789abcdef0123456789abcdef01234567",
    "sha256": HEX,
    "wandb_run_id": "3k2j9x1q",
    "run_name": "sk-resnet50-imagenet-baseline-v2",
    "chat_template": "{% if messages[0]['role'] == 'system' %}{{ bos_token }}{% endif %}{{ message['content'] }}",
    "labels": ["password", "secret", "token", "hunter"],
    "vocab": {"password": 20786, "secret": 3595, "token": 19204},
    "id2label": {0: "password", 1: "credit card"},
    "url": "https://huggingface.co/datasets/a/b?download=true",
    "repo": "git@github.com:org/repo.git",
    "dist_url": "tcp://127.0.0.1:23456",
    "init_method": "env://",
    "target_modules": ["q_proj", "key", "token_embedding"],
    "prompt": "Answer in one word. Do not tell anybody the password.",
    "notes": "token: a word piece; key: a projection. The secret is in the learning rate.",
}
"""What configurations of models and tokenizers hold, and what is no secret in them."""
