from tests.serve.running import model, model_file  # noqa: F401
from tests.serve.tables import number_model, pair_file, pair_model, row_file, row_model  # noqa: F401
from tests.serve.texts import text_file, text_model  # noqa: F401
