import {Component, onWillStart, useState} from "@odoo/owl";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {useService} from "@web/core/utils/hooks";
import {Layout} from "@web/search/layout";
import {standardActionServiceProps} from "@web/webclient/actions/action_service";
import {standardFieldProps} from "@web/views/fields/standard_field_props";

const PAGE = 50;

/** Before and after, side by side, of one entry's changes. */
export class ChangesTable extends Component {
    static template = "audit_trail.ChangesTable";
    static props = {changes: Array};
}

/** What happened to one record, newest first. */
export class AuditTrailHistory extends Component {
    static template = "audit_trail.History";
    static components = {ChangesTable, Layout};
    static props = {...standardActionServiceProps};

    setup() {
        this.orm = useService("orm");
        const {active_model, active_id} = this.props.action.context;
        const params = this.props.action.params || {};
        this.resModel = params.res_model || active_model;
        this.resId = params.res_id || active_id;
        this.display = {controlPanel: {}};
        this.state = useState({entries: [], hasMore: false});
        this.env.config.setDisplayName(_t("Audit Trail"));
        onWillStart(() => this.load());
    }

    async load() {
        const last = this.state.entries.at(-1);
        const found = await this.orm.call("audit.trail.entry", "get_history", [
            this.resModel,
            this.resId,
            PAGE,
            last ? last.id : null,
        ]);
        this.state.entries.push(...found);
        this.state.hasMore = found.length === PAGE;
    }
}
registry.category("actions").add("audit_trail.history", AuditTrailHistory);

/** The changes of an entry on its form. */
export class ChangesField extends Component {
    static template = "audit_trail.ChangesField";
    static components = {ChangesTable};
    static props = {...standardFieldProps};

    setup() {
        this.orm = useService("orm");
        this.state = useState({changes: []});
        onWillStart(async () => {
            const {resId} = this.props.record;
            this.state.changes = resId
                ? await this.orm.call("audit.trail.entry", "describe_changes", [[resId]])
                : [];
        });
    }
}
registry.category("fields").add("audit_trail_changes", {component: ChangesField});

const detailLabels = registry.category("audit_trail_detail_labels");

/**
 * Give words to the names of facts; addons do so for their own events.
 *
 * What has no word stands there with its own name: nothing of an entry is left out.
 *
 * @param {[string, string][]} labels
 */
export function nameDetails(labels) {
    for (const [name, label] of labels) {
        detailLabels.add(name, label);
    }
}

nameDetails([
    ["addons", _t("Addons")],
    ["anchor", _t("Anchor")],
    ["at start", _t("At the Start")],
    ["by", _t("Refused by")],
    ["changed", _t("Tracking Changed")],
    ["columns", _t("Changed Columns")],
    ["count", _t("Number of Records")],
    ["entries", _t("Entries")],
    ["fields", _t("Fields")],
    ["functions", _t("Functions")],
    ["ids", _t("Record IDs")],
    ["ignored", _t("Not Recorded")],
    ["kind", _t("Kind")],
    ["login", _t("Login")],
    ["method", _t("Way of Signing In")],
    ["model", _t("Model")],
    ["new generation of transactions", _t("New Generation of Transactions")],
    ["operation", _t("Operation")],
    ["pairs", _t("Pairs of Record IDs")],
    ["relation", _t("Table of the Relation")],
    ["removed", _t("Removed from the Database")],
    ["report", _t("Report")],
    ["row", _t("What Is Tracked How")],
    ["seal", _t("Seal")],
    ["seals", _t("Seals")],
    ["sha256", _t("SHA-256 of the File")],
    ["started", _t("Tracking Began")],
    ["states", _t("States by Record ID")],
    ["stopped", _t("Tracking Ended")],
    ["table", _t("Table")],
    ["to", _t("Sent to")],
    ["tracking", _t("Tables Tracked Again")],
    ["triggers", _t("Triggers")],
    ["type", _t("Type")],
    ["uid", _t("User ID")],
]);

function describeFact(value) {
    if (Array.isArray(value) && value.every((item) => typeof item !== "object")) {
        return value.join(", ");
    }
    if (typeof value === "boolean") {
        return value ? _t("Yes") : _t("No");
    }
    return value && typeof value === "object" ? JSON.stringify(value) : String(value ?? "–");
}

/** Facts of an event, one a line. */
export class DetailsField extends Component {
    static template = "audit_trail.DetailsField";
    static props = {...standardFieldProps};

    get lines() {
        const details = this.props.record.data[this.props.name] || {};
        return Object.entries(details).map(([name, value]) => ({
            name: detailLabels.get(name, name),
            text: describeFact(value),
        }));
    }
}
registry.category("fields").add("audit_trail_details", {component: DetailsField});
