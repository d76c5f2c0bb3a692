import {Component} from "@odoo/owl";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {useService} from "@web/core/utils/hooks";
import {standardFieldProps} from "@web/views/fields/standard_field_props";

/** Who signed a record, whether it still counts, and what is missing, with the way to sign it. */
export class SignaturesField extends Component {
    static template = "electronic_signature.Signatures";
    static props = {...standardFieldProps};

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
    }

    get status() {
        return this.props.record.data[this.props.name] || {signatures: [], steps: []};
    }

    missingText(requirement) {
        return requirement.count > 1
            ? _t("%(missing)s of %(count)s signatures missing", requirement)
            : _t("Signature missing");
    }

    async sign(step, requirement) {
        const {record} = this.props;
        // What is signed is what is saved.
        if (!(await record.save())) {
            return;
        }
        const action = await this.orm.call(record.resModel, "action_sign", [
            [record.resId],
            step.transition,
            requirement.meaning,
        ]);
        this.action.doAction(action, {onClose: () => record.load()});
    }
}

registry.category("fields").add("electronic_signatures", {
    component: SignaturesField,
    supportedTypes: ["json"],
    displayName: _t("Signatures"),
});
