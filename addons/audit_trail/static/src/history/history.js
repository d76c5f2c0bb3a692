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

/** Facts of an event, one a line. */
export class DetailsField extends Component {
    static template = "audit_trail.DetailsField";
    static props = {...standardFieldProps};

    get lines() {
        const details = this.props.record.data[this.props.name] || {};
        return Object.entries(details).map(([name, value]) => ({
            name,
            text: typeof value === "object" ? JSON.stringify(value) : String(value),
        }));
    }
}
registry.category("fields").add("audit_trail_details", {component: DetailsField});
