import {Component, onMounted, onWillUnmount, useRef, useState} from "@odoo/owl";
import {scanBarcode} from "@web/core/barcode/barcode_dialog";
import {isBarcodeScannerSupported} from "@web/core/barcode/barcode_video_scanner";
import {_t} from "@web/core/l10n/translation";
import {formatDate, deserializeDate} from "@web/core/l10n/dates";
import {registry} from "@web/core/registry";
import {useBus, useService} from "@web/core/utils/hooks";
import {Layout} from "@web/search/layout";
import {standardActionServiceProps} from "@web/webclient/actions/action_service";

import {GS_SYMBOL, pastedLines, SeparatorKeys, toCarrier, toVisible} from "./scan_input";

/** A second report of the same scan (box and barcode service) within this time is dropped. */
const ECHO_MS = 500;
/** Keys that follow each other faster than this come from a scanner. */
const BURST_MS = 50;

export class DeviceScan extends Component {
    static template = "meddev_device.DeviceScan";
    static components = {Layout};
    static props = {...standardActionServiceProps};
    static displayName = _t("Scan");

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.notification = useService("notification");
        this.input = useRef("input");
        this.keys = new SeparatorKeys();
        this.last = {carrier: "", at: 0};
        this.request = 0;
        this.burst = 0;
        this.keyAt = 0;
        this.isCameraSupported = isBarcodeScannerSupported();
        const {answer, carrier} = this.props.action.params || {};
        this.state = useState({
            answer: answer || null,
            carrier: typeof carrier === "string" ? carrier : "",
            choice: null,
            isBusy: false,
        });
        // A scan while the focus is elsewhere on the page: core's service sees it.
        useBus(useService("barcode").bus, "barcode_scanned", (ev) =>
            this.lookUp(toVisible(ev.detail.barcode))
        );
        const onKeydown = (ev) => this.onPageKeydown(ev);
        onMounted(() => {
            document.addEventListener("keydown", onKeydown, {capture: true});
            this.input.el.value = toVisible(this.state.carrier);
            this.focus();
        });
        onWillUnmount(() => document.removeEventListener("keydown", onKeydown, {capture: true}));
    }

    get display() {
        return {controlPanel: {}};
    }

    // Input

    focus() {
        this.input.el?.focus();
        this.input.el?.select();
    }

    insert(text) {
        const box = this.input.el;
        box.setRangeText(text, box.selectionStart, box.selectionEnd, "end");
    }

    /** Keys pressed while nothing editable has the focus go to the box. */
    onPageKeydown(ev) {
        const target = ev.target;
        const isElsewhere =
            target !== this.input.el &&
            (target === document.body || this.input.el?.closest(".o_action")?.contains(target)) &&
            !target.closest("button, a, input, textarea, select");
        const isText = ev.key?.length === 1 && !ev.metaKey && (!ev.ctrlKey || ev.key === "]");
        if (isElsewhere && isText) {
            this.focus();
            if (ev.ctrlKey) {
                this.onKeydown(ev);
            }
        }
    }

    onKeydown(ev) {
        if (ev.isComposing || ev.keyCode === 229) {
            return; // an input method is at work; its Enter chooses a word
        }
        const isQuick = ev.timeStamp - this.keyAt < BURST_MS;
        this.burst = isQuick ? this.burst + 1 : 0;
        this.keyAt = ev.timeStamp;
        const meaning = this.keys.onKeydown(ev);
        if (meaning) {
            ev.preventDefault();
            ev.stopPropagation();
            if (meaning === "insert") {
                this.insert(GS_SYMBOL);
            }
        } else if (ev.key === "Enter" || (ev.key === "Tab" && this.isBurst)) {
            ev.preventDefault();
            ev.stopPropagation();
            this.lookUp(this.input.el.value);
        }
    }

    onKeyup(ev) {
        if (this.keys.onKeyup(ev)) {
            ev.preventDefault();
            this.insert(GS_SYMBOL);
        }
    }

    /** Some scanners end with Tab; a person who presses Tab wants to leave the box. */
    get isBurst() {
        return this.burst > 5;
    }

    onPaste(ev) {
        const lines = pastedLines(ev.clipboardData?.getData("text") || "");
        if (!lines.length) {
            return;
        }
        ev.preventDefault();
        const box = this.input.el;
        const isWhole = box.selectionEnd - box.selectionStart === box.value.length;
        this.insert(toVisible(lines[0]));
        if (lines.length > 1) {
            this.notification.add(
                _t("%s lines were pasted; the first one is looked up.", lines.length),
                {type: "warning"}
            );
        }
        if (isWhole) {
            this.lookUp(box.value);
        }
    }

    async openCamera() {
        let text;
        try {
            text = await scanBarcode(this.env, "environment");
        } catch (error) {
            this.notification.add(error.message, {type: "warning"});
            return;
        }
        if (text) {
            this.lookUp(toVisible(text));
        }
    }

    onSubmit() {
        this.lookUp(this.input.el.value);
    }

    // Look-up

    async lookUp(visible, choice = null) {
        const carrier = toCarrier(toVisible(visible));
        const now = Date.now();
        const isEcho =
            choice === null && carrier === this.last.carrier && now - this.last.at < ECHO_MS;
        if (!carrier.trim() || isEcho) {
            this.focus();
            return;
        }
        this.last = {carrier, at: now};
        this.input.el.value = toVisible(carrier);
        const request = ++this.request;
        Object.assign(this.state, {isBusy: true, carrier, choice});
        let answer;
        try {
            answer = await this.orm.call("meddev.udi", "find", [carrier, choice]);
        } finally {
            if (request === this.request) {
                this.state.isBusy = false;
            }
        }
        if (request !== this.request) {
            return; // a newer scan has overtaken this one
        }
        this.state.answer = answer;
        this.focus();
        if (answer.status === "one") {
            await this.run("scan");
        }
    }

    choose(index) {
        this.lookUp(toVisible(this.state.carrier), index);
    }

    async run(method) {
        const {carrier, choice} = this.state;
        const action = await this.orm.call("meddev.udi", method, [carrier, choice]);
        await this.action.doAction(action);
    }

    openLot(lot) {
        return this.action.doAction("meddev_device.device_action", {
            viewType: "form",
            props: {resId: lot.id},
        });
    }

    // Display

    get alertClass() {
        return (
            {one: "success", several: "info", product: "info", new: "info"}[
                this.state.answer.status
            ] || "warning"
        );
    }

    get issuer() {
        return {
            gs1: "GS1",
            hibcc: "HIBCC",
            iccbba: "ICCBBA",
            ma: "MA (ZIIOT)",
            ahm: "AHM",
        }[this.state.answer.reading.issuer];
    }

    get checkStatus() {
        return {
            ok: {text: _t("Correct"), class: "text-bg-success"},
            mismatch: {text: _t("Wrong Check Character"), class: "text-bg-danger"},
            not_applicable: {text: _t("Not Applicable"), class: "text-bg-secondary"},
        }[this.state.answer.reading.check_status];
    }

    get readingRows() {
        const {product, reading} = this.state.answer;
        return [
            [_t("Issuer"), this.issuer],
            [_t("Product"), product && product.name],
            [
                _t("Package"),
                product && product.packaging_level !== "unit" && product.packaging_label,
            ],
            ...this.describe(reading),
        ].filter(([, value]) => value);
    }

    describe(values) {
        return [
            [_t("Device Identifier (DI)"), values.di],
            [_t("Serial Number"), values.serial],
            [_t("Batch Number"), values.lot],
            [_t("Production Date"), this.formatDay(values.production_date)],
            [_t("Expiry Date"), this.formatDay(values.expiry_date)],
            [_t("Software Version"), values.software_version],
        ].filter(([, value]) => value);
    }

    formatDay(day) {
        return day && formatDate(deserializeDate(day));
    }

    matchText(lot) {
        return {
            label: _t("Label"),
            serial: _t("Serial number"),
            alias: _t("Alias"),
            carrier: _t("Carrier on file"),
            udi: _t("UDI"),
            lot: _t("Batch number"),
            serial_only: _t("Serial number only"),
            candidate: _t("Possible reading"),
        }[lot.matched_by];
    }

    get matches() {
        const {devices, lots} = this.state.answer;
        return [...devices, ...lots];
    }

    /** The scanned text cut at the separators, which are drawn as badges. */
    get carrierParts() {
        return toVisible(this.state.carrier).split(GS_SYMBOL);
    }

    /** A plain serial number that was found needs no remark that it is no UDI. */
    get warnings() {
        const {reading, status} = this.state.answer;
        return reading.issuer || status !== "several" ? reading.warnings : [];
    }

    get canCreate() {
        const {can_create, status} = this.state.answer;
        return can_create && ["new", "none", "product", "choose"].includes(status);
    }
}

registry.category("actions").add("meddev_device.scan", DeviceScan);
