import {registry} from "@web/core/registry";

// The page and its words; everything else is found by names.
for (const [lang, page] of Object.entries({en: "Patient", zh: "患者"})) {
    registry.category("web_tour.tours").add(`meddev_service_patient_${lang}`, {
        steps: () => [
            {trigger: `.nav-link[name=patient]:contains(${page})`, run: "click"},
            {
                content: "no patient yet",
                trigger: ".o_field_widget[name=patient_ids] .o_field_x2many_list_row_add a",
                run: "click",
            },
            {
                trigger: ".modal .o_field_widget[name=patient_name_entry] input",
                run: "edit 欧阳小华",
            },
            {
                trigger: ".modal .o_field_widget[name=patient_phone_entry] input",
                run: "edit 13812345678",
            },
            {trigger: ".modal .o_form_button_save", run: "click"},
            {trigger: "body:not(:has(.modal)) .o_form_button_save", run: "click"},
            {
                content: "masked, and a second patient is not offered",
                trigger:
                    ".o_field_widget[name=patient_ids]:contains(欧阳*华):contains(138****5678)" +
                    ":not(:has(.o_field_x2many_list_row_add))",
            },
            {trigger: ".o_form_view:not(:contains(13812345678))"},
            {
                trigger: ".o_data_row td[name=patient_phone_masked] .o_sensitive_reveal",
                run: "click",
            },
            {trigger: ".modal #o_sensitive_reason", run: "edit call the family"},
            {trigger: ".modal .o_sensitive_confirm:enabled", run: "click"},
            {trigger: ".modal .o_sensitive_value:contains(13812345678)"},
            {trigger: ".modal .modal-footer .btn-secondary", run: "click"},
            {trigger: "body:not(:has(.modal)) .o_form_view:not(:contains(13812345678))"},
        ],
    });
}
