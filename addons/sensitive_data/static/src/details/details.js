import {_t} from "@web/core/l10n/translation";
import {nameDetails} from "@audit_trail/history/history";

nameDetails([
    ["domain", _t("Search")],
    ["entry", _t("Entry")],
    ["field", _t("Field")],
    ["format", _t("Format")],
    ["found", _t("Found")],
    ["key", _t("Key")],
    ["limit", _t("Limit")],
    ["lines", _t("Lines")],
    ["masked", _t("Masked")],
    ["number", _t("Number")],
    ["raw", _t("Fields with Clear Values")],
    ["records", _t("Records")],
    ["request", _t("Export Request")],
    ["rows", _t("Rows")],
    ["side", _t("Before or After")],
    ["values", _t("Values Searched for")],
]);
