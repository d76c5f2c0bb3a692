/** @odoo-module **/
// Says helpdesk_mgmt's only JavaScript term again, so that our translation of it is loaded: the
// client looks for a term in every module after the one that it belongs to.
import {_t} from "@web/core/l10n/translation";

export const FILE_TOO_LARGE = () =>
    _t("The selected file (%sB) is over the maximum allowed file size (%sB).");
