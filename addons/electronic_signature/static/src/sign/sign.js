import {Component, useRef, useState} from "@odoo/owl";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {useService} from "@web/core/utils/hooks";
import {standardFieldProps} from "@web/views/fields/standard_field_props";
import {standardWidgetProps} from "@web/views/widgets/standard_widget_props";

/** Ways to prove who one is, beside the password; addons add theirs.
 *
 * name (as on the server) -> {label, getCredentials: async () => dictionary, or null if given up}
 */
export const signatureMethods = registry.category("electronic_signature_methods");

/** What is signed, field by field. */
export class SignedContentField extends Component {
    static template = "electronic_signature.SignedContent";
    static props = {...standardFieldProps};

    get lines() {
        return this.props.record.data[this.props.name] || [];
    }
}
registry.category("fields").add("electronic_signature_content", {
    component: SignedContentField,
    supportedTypes: ["json"],
});

/** Asks for the credentials and sends them once; they are in no field and stay nowhere. */
export class SignCredentials extends Component {
    static template = "electronic_signature.Credentials";
    static props = {...standardWidgetProps};

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.notification = useService("notification");
        this.password = useRef("password");
        this.code = useRef("code");
        this.state = useState({method: this.methods[0] || null, error: "", isBusy: false});
    }

    get methods() {
        return this.props.record.data.methods || [];
    }

    get asksCode() {
        return this.props.record.data.asks_code;
    }

    get canSendCode() {
        return this.props.record.data.can_send_code;
    }

    async sendCode() {
        await this.orm.call("electronic.signature.sign", "send_code", [[this.props.record.resId]]);
        this.notification.add(_t("The code is on its way to you."), {type: "success"});
    }

    get otherMethods() {
        return this.methods.filter((name) => name !== this.state.method);
    }

    label(name) {
        return name === "password" ? _t("Use password") : signatureMethods.get(name).label;
    }

    use(name) {
        Object.assign(this.state, {method: name, error: ""});
    }

    onKeydown(event) {
        if (event.key === "Enter") {
            event.preventDefault();
            event.stopPropagation();
            this.sign();
        }
    }

    async getCredentials() {
        if (this.state.method !== "password") {
            return signatureMethods.get(this.state.method).getCredentials();
        }
        const credentials = {type: "password", password: this.password.el.value};
        if (this.asksCode) {
            credentials.code = this.code.el.value;
        }
        return credentials;
    }

    forget() {
        for (const ref of [this.password, this.code]) {
            if (ref.el) {
                ref.el.value = "";
            }
        }
    }

    close() {
        return this.action.doAction({type: "ir.actions.act_window_close"});
    }

    async sign() {
        if (this.state.isBusy) {
            return;
        }
        Object.assign(this.state, {isBusy: true, error: ""});
        try {
            const credentials = await this.getCredentials();
            if (!credentials || !(await this.props.record.save())) {
                return;
            }
            await this.orm.call("electronic.signature.sign", "sign", [
                [this.props.record.resId],
                credentials,
            ]);
            await this.close();
        } catch (error) {
            if (!error.data) {
                throw error;
            }
            this.state.error = error.data.message;
        } finally {
            this.forget();
            this.state.isBusy = false;
        }
    }
}
registry.category("view_widgets").add("electronic_signature_credentials", {
    component: SignCredentials,
});
