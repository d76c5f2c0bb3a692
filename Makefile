# Every target delegates to config/meddev; all state lives in .meddev/ (see config/tool/).
# ODOO=/path/to/odoo takes an Odoo 19 of yours, PYTHON=/path/to/python3 another Python (3.11+).
export ODOO PYTHON ARGS

ifdef PYTHON
MEDDEV = $(PYTHON) config/meddev
else
MEDDEV = python3 config/meddev
endif

.PHONY: setup run stop test lint format bench clean journey
setup run stop test lint format bench clean journey:
	@$(MEDDEV) $@
