import {registry} from "@web/core/registry";

const INPUT = "#meddev_scan_input";
const GS = "\x1d";

// Words that each language must show; everything else is found by names.
const WORDS = {
    en: {
        hint: "Point the scanner at the UDI",
        timeline: "Timeline",
        entered: "Entered",
        unknown: "is not in the ledger yet",
        create: "Create Device",
        nothing: "Nothing in the ledger matches",
        ambiguous: "Choose a reading",
        readings: "Possible Readings",
    },
    zh: {
        hint: "请将扫描枪对准",
        timeline: "时间线",
        entered: "录入",
        unknown: "尚未录入设备台账",
        create: "新建设备",
        nothing: "设备台账中没有匹配项",
        ambiguous: "请选择一种",
        readings: "可能的读法",
    },
};

/** Types like a keyboard-wedge scanner: quick keys, Ctrl+] for the separator, Enter at the end. */
function scan(text) {
    const send = (target, key, extra = {}) =>
        target.dispatchEvent(
            new KeyboardEvent("keydown", {key, bubbles: true, cancelable: true, ...extra})
        );
    const box = document.querySelector(INPUT);
    box.focus();
    box.value = "";
    for (const char of text) {
        if (char === GS) {
            send(box, "Control", {ctrlKey: true});
            send(box, "]", {ctrlKey: true, code: "BracketRight"});
        } else if (send(box, char)) {
            box.setRangeText(char, box.selectionStart, box.selectionEnd, "end");
        }
    }
    send(box, "Enter");
}

function scanStep(text) {
    return {
        content: `Scan ${JSON.stringify(text)}`,
        trigger: INPUT,
        run: () => scan(text),
    };
}

for (const [lang, word] of Object.entries(WORDS)) {
    registry.category("web_tour.tours").add(`meddev_device_scan_opens_${lang}`, {
        steps: () => [
            {
                content: "The screen says what to do",
                trigger: `.o_meddev_scan_hint:contains(${word.hint})`,
            },
            scanStep(`010690123456789221SCAN-1${GS}10LOT7`),
            {
                content: "The device is open",
                trigger: ".o_form_view .o_last_breadcrumb_item:contains(SCAN-1)",
            },
            {
                content: "Its timeline opens",
                trigger: `.o_form_view button[name=action_view_timeline]:contains(${word.timeline})`,
                run: "click",
            },
            {
                content: "The first entry is there",
                trigger: `.o_list_view .o_data_row td[name=title]:contains(${word.entered})`,
            },
            {
                content: "Back to the scan screen by the button in the bar",
                trigger: ".o_meddev_scan_systray button",
                run: "click",
            },
            {
                content: "Ready for the next scan",
                trigger: `.o_meddev_scan_hint`,
            },
        ],
    });

    registry.category("web_tour.tours").add(`meddev_device_scan_creates_${lang}`, {
        steps: () => [
            scanStep(`010690123456789221SCAN-NEW-1${GS}10LOT7`),
            {
                content: "The reading is shown",
                trigger: ".o_meddev_scan_answer[data-status=new] dd:contains(SCAN-NEW-1)",
            },
            {
                content: "It is said to be new",
                trigger: `.o_meddev_scan_message:contains(${word.unknown})`,
            },
            {
                content: "Enter the device",
                trigger: `.o_meddev_scan_create:contains(${word.create})`,
                run: "click",
            },
            {
                content: "The form is filled in",
                trigger: ".o_form_view .o_field_widget[name=udi_di] input:value(06901234567892)",
            },
            {
                content: "Save",
                trigger: ".o_form_button_save",
                run: "click",
            },
            {
                content: "Saved",
                trigger: ".o_form_saved",
            },
            {
                content: "And under its serial number",
                trigger: ".o_form_view .o_last_breadcrumb_item:contains(SCAN-NEW-1)",
            },
        ],
    });

    registry.category("web_tour.tours").add(`meddev_device_scan_offers_nothing_${lang}`, {
        steps: () => [
            scanStep(`010690123456789221SCAN-NEW-1${GS}10LOT7`),
            {
                content: "The reading is shown, and no button to create",
                trigger: ".o_meddev_scan_answer[data-status=new]:not(:has(.o_meddev_scan_create))",
            },
            {
                content: "It is said to be new",
                trigger: `.o_meddev_scan_message:contains(${word.unknown})`,
            },
            scanStep("no such thing"),
            {
                content: "It is said that nothing matches",
                trigger: `.o_meddev_scan_message:contains(${word.nothing})`,
            },
            {
                content: "A warning is shown",
                trigger: ".o_meddev_scan_answer[data-status=none] .o_meddev_scan_warnings li",
            },
        ],
    });

    registry.category("web_tour.tours").add(`meddev_device_scan_choice_${lang}`, {
        steps: () => [
            scanStep("010690123456789221SCAN-110LOT7"),
            {
                content: "There are more readings than one",
                trigger: `.o_meddev_scan_message:contains(${word.ambiguous})`,
            },
            {
                content: "They are listed",
                trigger: `.o_meddev_scan_answer h5:contains(${word.readings})`,
            },
            {
                content: "Nothing is guessed: choose the reading",
                trigger:
                    ".o_meddev_scan_answer[data-status=choose] .o_meddev_scan_candidate:contains((21)SCAN-1(10)LOT7)",
                run: "click",
            },
            {
                content: "The device is open",
                trigger: ".o_form_view .o_last_breadcrumb_item:contains(SCAN-1)",
            },
        ],
    });
}
