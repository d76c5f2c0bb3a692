import {registry} from "@web/core/registry";

registry.category("web_tour.tours").add("sensitive_data_history", {
    steps: () => [
        {trigger: ".o_audit_history .o_audit_after:contains(137****2222)"},
        {
            trigger: ".o_audit_before:contains(138****5678) .o_sensitive_reveal",
            run: "click",
        },
        {trigger: ".modal .o_sensitive_confirm:disabled"},
        {trigger: ".modal #o_sensitive_reason", run: "edit call back"},
        {trigger: ".modal .o_sensitive_confirm:enabled", run: "click"},
        {trigger: ".modal .o_sensitive_value:contains(13812345678)"},
        {trigger: ".modal .btn-secondary", run: "click"},
        {trigger: "body:not(:has(.modal)) .o_audit_history:not(:contains(13812345678))"},
    ],
});
