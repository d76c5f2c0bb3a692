import {registry} from "@web/core/registry";

registry.category("web_tour.tours").add("electronic_signature_sign", {
    steps: () => [
        {trigger: ".o_signature_missing .o_signature_sign[data-meaning='approver']", run: "click"},
        {trigger: ".modal .o_signed_content:contains('Test report')"},
        {trigger: ".modal div[name='reason'] input", run: "edit Read and found right"},
        {trigger: ".modal #o_signature_password", run: "edit not-the-password"},
        {trigger: ".modal .o_signature_confirm", run: "click"},
        {trigger: ".modal .o_signature_error"},
        {
            trigger: ".modal #o_signature_password",
            run() {
                if (this.anchor.value) {
                    throw new Error("the refused password is still there");
                }
            },
        },
        {trigger: ".modal #o_signature_password", run: "edit paper_approver"},
        {trigger: ".modal .o_signature_confirm", run: "click"},
        {trigger: "body:not(:has(.modal)) .o_signature[data-state='valid']"},
        {trigger: ".o_form_view:not(:has(.o_signature_missing))"},
    ],
});
