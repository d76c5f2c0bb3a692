import {registry} from "@web/core/registry";

/** An auditor opens a record and reads its history; the words are those of the language. */
function historySteps({action, changed, field}) {
    return [
        {
            content: "The record's form",
            trigger: ".o_form_view .o_field_widget[name=name]",
        },
        {
            content: "Open the action menu",
            trigger: ".o_cp_action_menus button:has(.fa-cog)",
            run: "click",
        },
        {
            content: "Choose the audit trail",
            trigger: `.o-dropdown--menu .o-dropdown-item:contains(${action})`,
            run: "click",
        },
        {
            content: "The change stands there with its label, before and after",
            trigger: `.o_audit_history .o_audit_entry[data-kind=update]:contains(${changed}):contains(${field})`,
        },
        {
            content: "Before and after stand side by side",
            trigger: ".o_audit_entry[data-kind=update] .o_audit_before:contains(Old name)",
        },
        {
            content: "The new value",
            trigger: ".o_audit_entry[data-kind=update] .o_audit_after:contains(New name)",
        },
    ];
}

registry.category("web_tour.tours").add("audit_trail_history", {
    steps: () => historySteps({action: "Audit Trail", changed: "Changed", field: "Name"}),
});

registry.category("web_tour.tours").add("audit_trail_history_zh", {
    steps: () => historySteps({action: "审计追踪", changed: "修改", field: "名称"}),
});

registry.category("web_tour.tours").add("audit_trail_entry", {
    steps: () => [
        {
            content: "Open the entry",
            trigger: ".o_list_view .o_data_row:contains(Old name) td[name=model_label]",
            run: "click",
        },
        {
            content: "Before and after stand side by side",
            trigger: ".o_form_view .o_audit_changes:has(.o_audit_before:contains(Old name))",
        },
        {
            content: "The record's number stands under the proof",
            trigger: ".o_form_view .o_field_widget[name=res_id]:contains(/^[0-9,]+$/)",
        },
    ],
});
