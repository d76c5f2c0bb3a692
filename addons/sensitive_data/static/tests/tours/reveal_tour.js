import {registry} from "@web/core/registry";

registry.category("web_tour.tours").add("sensitive_data_reveal", {
    steps: () => [
        {trigger: ".o_sensitive_masked:contains(138****5678)"},
        {trigger: ".o_form_view:not(:contains(13812345678))"},
        {trigger: ".o_sensitive_reveal", run: "click"},
        {trigger: ".modal .o_sensitive_confirm:disabled"},
        {trigger: ".modal #o_sensitive_reason", run: "edit call back about the repair"},
        {trigger: ".modal .o_sensitive_confirm:enabled", run: "click"},
        {trigger: ".modal .o_sensitive_value:contains(13812345678)"},
        {trigger: ".modal .btn-secondary", run: "click"},
        {trigger: "body:not(:has(.modal)) .o_form_view:not(:contains(13812345678))"},
    ],
});
