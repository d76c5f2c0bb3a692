import {registry} from "@web/core/registry";

/** The button that confirms asks why, and the answer goes on with what it was about to do. */
function reasonSteps(reason) {
    return [
        {
            content: "The warning names what is missing",
            trigger: ".o_form_view .alert-warning [name=missing_papers]",
        },
        {
            content: "Confirm: a reason is needed",
            trigger: ".o_statusbar_buttons button[name=action_ask_paper_reason]:visible",
            run: "click",
        },
        {
            content: "The dialogue repeats what is missing",
            trigger: ".modal [name=missing]",
        },
        {
            content: "Give the reason",
            trigger: ".modal [name=reason] input",
            run: `edit ${reason}`,
        },
        {
            content: "Go on",
            trigger: ".modal button[name=action_allow]:visible",
            run: "click",
        },
        {
            content: "The dialogue is gone",
            trigger: "body:not(:has(.modal))",
        },
    ];
}

registry.category("web_tour.tours").add("meddev_purchase_order_reason", {
    steps: () => [
        ...reasonSteps("Hospital waits"),
        {
            content: "The order is confirmed and counts its exception",
            trigger: "button[name=action_view_paper_waivers]",
            run: "click",
        },
        {
            content: "The record of it shows the reason",
            trigger: ".o_list_view .o_data_row td[name=reason]:contains(Hospital waits)",
        },
    ],
});

registry.category("web_tour.tours").add("meddev_purchase_inspection_reason", {
    steps: () => [
        ...reasonSteps("Patient waits"),
        {
            content: "The inspection is finished",
            trigger: ".o_statusbar_status button[data-value=done].o_arrow_button_current",
        },
    ],
});
