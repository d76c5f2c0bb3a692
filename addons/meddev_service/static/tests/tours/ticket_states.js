import {registry} from "@web/core/registry";

// Words that each language must show; everything else is found by names.
const WORDS = {
    en: {
        dispatch: "Dispatch",
        start: "Start Work",
        wait: "Wait for Customer",
        resume: "Resume Work",
        finish: "Done",
        archive: "Archive",
        dispatched: "Dispatched",
        waiting: "Waiting for Customer",
        frozen: "This ticket is archived",
        title: "Alarm in intensive care",
        why: "The ventilator is in use",
        proof: "Called Dr Wang at 14:05",
    },
    zh: {
        dispatch: "派单",
        start: "开始处理",
        wait: "等待客户",
        resume: "恢复处理",
        finish: "完成",
        archive: "归档",
        dispatched: "派单",
        waiting: "待客户",
        frozen: "本工单已归档",
        title: "重症监护室报警",
        why: "呼吸机正在使用",
        proof: "14:05 与王医生电话确认",
    },
};

function press(name, words, state, label) {
    return [
        {
            content: `press ${name}`,
            trigger: `button[name=${name}]:visible:contains(${words})`,
            run: "click",
        },
        {
            content: `the ticket is ${state}`,
            trigger:
                `.o_field_widget[name=service_state] .o_arrow_button_current[data-value=${state}]` +
                (label ? `:contains(${label})` : ""),
        },
    ];
}

for (const [lang, word] of Object.entries(WORDS)) {
    const row = `.o_data_row:contains(${word.title}) td[name=name]`;

    registry.category("web_tour.tours").add(`meddev_service_intake_${lang}`, {
        steps: () => [
            {content: "new ticket", trigger: ".o_list_button_add", run: "click"},
            {
                content: "what is wrong",
                trigger: ".o_field_widget[name=name] input",
                run: `edit ${word.title}`,
            },
            {
                content: "which device, by the end of its serial number",
                trigger: ".o_field_widget[name=lot_id] input",
                run: "edit VN-2026-0001",
            },
            {
                content: "choose the device",
                trigger: ".o-autocomplete--dropdown-item:contains(VN-2026-0001)",
                run: "click",
            },
            {
                content: "its customer is filled in",
                trigger: ".o_field_widget[name=partner_id] input:value(Lakeside)",
            },
            {
                content: "tell more",
                trigger: ".o_field_widget[name=description] .odoo-editor-editable",
                run: `editor ${word.title}`,
            },
            {content: "save", trigger: ".o_form_button_save", run: "click"},
            ...press("action_dispatch", word.dispatch, "dispatched", word.dispatched),
        ],
    });

    registry.category("web_tour.tours").add(`meddev_service_dispatch_${lang}`, {
        steps: () => [
            {content: "open the ticket", trigger: row, run: "click"},
            {
                content: "who goes",
                trigger: ".o_field_widget[name=user_id] input",
                run: "edit service_engineer",
            },
            {
                content: "choose the engineer",
                trigger: ".o-autocomplete--dropdown-item:contains(service_engineer):first",
                run: "click",
            },
            {content: "save", trigger: ".o_form_button_save", run: "click"},
            {content: "saved", trigger: ".o_form_saved"},
        ],
    });

    registry.category("web_tour.tours").add(`meddev_service_engineer_${lang}`, {
        steps: () => [
            {
                content: "open my ticket",
                trigger: `.o_kanban_record:contains(${word.title})`,
                run: "click",
            },
            ...press("action_start", word.start, "in_progress"),
            {
                content: "wait for the customer",
                trigger: `button[name=action_wait_for_customer]:visible:contains(${word.wait})`,
                run: "click",
            },
            {
                content: "say why",
                trigger: ".modal .o_field_widget[name=reason] input",
                run: `edit ${word.why}`,
            },
            {
                content: "and what shows it",
                trigger: ".modal .o_field_widget[name=evidence] input",
                run: `edit ${word.proof}`,
            },
            {content: "move", trigger: ".modal button[name=action_confirm]", run: "click"},
            {
                content: "the ticket waits",
                trigger:
                    ".o_field_widget[name=service_state] .o_arrow_button_current[data-value=waiting]" +
                    `:contains(${word.waiting})`,
            },
            ...press("action_start", word.resume, "in_progress"),
            ...press("action_finish", word.finish, "done"),
        ],
    });

    registry.category("web_tour.tours").add(`meddev_service_archive_${lang}`, {
        steps: () => [
            {content: "open the finished ticket", trigger: row, run: "click"},
            {
                content: "archive it",
                trigger: `button[name=action_put_on_file]:contains(${word.archive})`,
                run: "click",
            },
            {content: "yes", trigger: ".modal-footer .btn-primary", run: "click"},
            {
                content: "it is archived",
                trigger:
                    ".o_field_widget[name=service_state] .o_arrow_button_current[data-value=archived]",
            },
            {
                content: "and says so",
                trigger: `div[name=archived_notice]:contains(${word.frozen})`,
            },
            {
                content: "its title cannot be edited",
                trigger: ".o_field_widget[name=name].o_readonly_modifier",
            },
        ],
    });
}
