import {describe, expect, test} from "@odoo/hoot";
import {pastedLines, SeparatorKeys, toCarrier, toVisible} from "@meddev_device/scan/scan_input";

describe.current.tags("headless");

const GS = "\x1d";

function press(keys, key, extra = {}) {
    return keys.onKeydown({key, code: "", ctrlKey: false, altKey: false, metaKey: false, ...extra});
}

test("the separator is made visible and goes out as GS", () => {
    expect(toVisible(`21A${GS}10L`)).toBe("21A␝10L");
    expect(toCarrier("21A␝10L")).toBe(`21A${GS}10L`);
    expect(toVisible(`A␝${GS}B`)).toBe("A␝B");
});

test("what scanners put around a code is dropped, blanks stay", () => {
    expect(toVisible("\x02+A123\r\n")).toBe("+A123");
    expect(toVisible("+A123BJC5D6E71 ")).toBe("+A123BJC5D6E71 ");
});

test("pasted lines without empty ones", () => {
    expect(pastedLines("A\r\n\r\n B\n")).toEqual(["A", " B"]);
    expect(pastedLines("\n")).toEqual([]);
});

test("Ctrl+] stands for the separator, on any layout", () => {
    const keys = new SeparatorKeys();
    expect(press(keys, "]", {ctrlKey: true})).toBe("insert");
    expect(press(keys, "*", {ctrlKey: true, code: "BracketRight"})).toBe("insert");
    expect(press(keys, "]")).toBe(false);
    expect(press(keys, "v", {ctrlKey: true})).toBe(false);
});

test("Alt+029 stands for the separator, with and without NumLock", () => {
    const sequences = [
        [{key: "0"}, {key: "2"}, {key: "9"}],
        [
            {key: "Insert", code: "Numpad0"},
            {key: "ArrowDown", code: "Numpad2"},
            {key: "PageUp", code: "Numpad9"},
        ],
    ];
    for (const sequence of sequences) {
        const keys = new SeparatorKeys();
        press(keys, "Alt", {altKey: true});
        for (const event of sequence) {
            expect(press(keys, event.key, {altKey: true, ...event})).toBe("swallow");
        }
        expect(keys.onKeyup({key: "Alt"})).toBe(true);
        expect(keys.onKeyup({key: "Alt"})).toBe(false);
    }
});

test("other Alt sequences are none of ours", () => {
    const keys = new SeparatorKeys();
    press(keys, "Alt", {altKey: true});
    press(keys, "6", {altKey: true});
    press(keys, "5", {altKey: true});
    expect(keys.onKeyup({key: "Alt"})).toBe(false);
});
