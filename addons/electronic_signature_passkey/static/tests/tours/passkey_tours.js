import {registry} from "@web/core/registry";

/** What a device answers that does not know the key: of the right form, and wrong. */
function answer() {
    const bytes = new Uint8Array(64).buffer;
    return {
        id: "YW5vdGhlciBrZXk",
        rawId: bytes,
        type: "public-key",
        authenticatorAttachment: "platform",
        response: {authenticatorData: bytes, clientDataJSON: bytes, signature: bytes},
        getClientExtensionResults: () => ({}),
    };
}

registry.category("web_tour.tours").add("electronic_signature_passkey", {
    steps: () => [
        {
            trigger: ".o_signature_missing .o_signature_sign",
            run(helpers) {
                navigator.credentials.get = async () => answer();
                return helpers.click();
            },
        },
        {trigger: ".modal .o_signature_credentials:not(:has(input[type='password']))"},
        {trigger: ".modal .o_signature_confirm", run: "click"},
        {trigger: ".modal .o_signature_error"},
        {trigger: ".modal .o_signature_credentials .btn-link", run: "click"},
        {trigger: ".modal #o_signature_password", run: "edit paper_approver"},
        {trigger: ".modal .o_signature_confirm", run: "click"},
        {trigger: "body:not(:has(.modal)) .o_signature[data-state='valid']"},
    ],
});
