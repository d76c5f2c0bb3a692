import {_t} from "@web/core/l10n/translation";
import {nameDetails} from "@audit_trail/history/history";

nameDetails([
    ["cause", _t("Cause")],
    ["content", _t("Digest of the Content")],
    ["digest", _t("Digest")],
    ["meaning", _t("Meaning")],
    ["signature", _t("Signature")],
    ["transition", _t("Step")],
    ["void", _t("Void Event")],
]);
