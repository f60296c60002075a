from tests.serve.running import model, model_file  # noqa: F401
