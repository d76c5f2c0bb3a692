import {Component, onWillUnmount, useState} from "@odoo/owl";
import {Dialog} from "@web/core/dialog/dialog";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {useAutofocus, useService} from "@web/core/utils/hooks";
import {standardFieldProps} from "@web/views/fields/standard_field_props";

export const SHOWN_SECONDS = 30;
const SUFFIX = "_masked";

/** Asks why, shows the value for half a minute, keeps it nowhere. */
export class RevealDialog extends Component {
    static template = "sensitive_data.RevealDialog";
    static components = {Dialog};
    static props = {
        close: Function,
        record: Object,
        name: String,
        label: String,
        method: {type: String, optional: true},
    };
    static defaultProps = {method: "reveal_sensitive_value"};

    setup() {
        this.orm = useService("orm");
        this.state = useState({reason: "", value: null, seconds: SHOWN_SECONDS});
        useAutofocus({refName: "reason"});
        onWillUnmount(() => browserClear(this.timer));
    }

    get title() {
        return _t("View %s", this.props.label);
    }

    async reveal() {
        const {record, name, method} = this.props;
        const answer = await this.orm.call(record.resModel, method, [
            [record.resId],
            name,
            this.state.reason,
        ]);
        this.state.value = answer.value || _t("(empty)");
        this.timer = setInterval(() => this.tick(), 1000);
    }

    tick() {
        this.state.seconds -= 1;
        if (this.state.seconds <= 0) {
            this.state.value = null;
            this.props.close();
        }
    }
}

function browserClear(timer) {
    if (timer) {
        clearInterval(timer);
    }
}

/** A masked value, with a button for those who may reveal it. */
export class MaskedField extends Component {
    static template = "sensitive_data.MaskedField";
    static props = {...standardFieldProps};

    setup() {
        this.dialog = useService("dialog");
    }

    get value() {
        return this.props.record.data[this.props.name] || "";
    }

    get description() {
        return this.props.record.fields[this.props.name];
    }

    get canReveal() {
        return Boolean(this.value && this.props.record.resId && this.description.can_reveal);
    }

    reveal() {
        const name = this.props.name.slice(0, -SUFFIX.length);
        this.dialog.add(RevealDialog, {
            record: this.props.record,
            name,
            label: this.description.string,
        });
    }
}

registry.category("fields").add("sensitive_masked", {
    component: MaskedField,
    displayName: _t("Masked Value"),
    supportedTypes: ["char"],
});
