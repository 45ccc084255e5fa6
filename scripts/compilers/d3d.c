// compile dxc|fxc FILE.hlsl...: one line per file: what DX12's compiler says of it, the time and the size of what it made.
// dxc is dxcompiler.dll with the profile cs_6_0, fxc is d3dcompiler_47.dll with cs_5_1, as wgpu asks them. Both DLLs must lie beside
// the program. Built for Windows, it runs under wine too.
#define COBJMACROS
#define INITGUID
#include <stdio.h>
#include <stdlib.h>
#include <windows.h>
#include <d3dcommon.h>

// The parts of dxcapi.h that are needed; it is not among mingw's headers.
typedef struct {
    const void *text;
    SIZE_T size;
    UINT encoding;
} DxcBuffer;
typedef struct Object {
    void **methods; // of IUnknown first: QueryInterface, AddRef, Release
} Object;
DEFINE_GUID(DXC_COMPILER, 0x73e22d93, 0xe6ce, 0x47f3, 0xb5, 0xbf, 0xf0, 0x66, 0x4f, 0x39, 0xc1, 0xb0);
DEFINE_GUID(DXC_COMPILER3, 0x228b4687, 0x5a6a, 0x4730, 0x90, 0x0c, 0x97, 0x02, 0xb2, 0x20, 0x3f, 0x54);
DEFINE_GUID(DXC_RESULT, 0x58346cda, 0xdde7, 0x4497, 0x94, 0x61, 0x6f, 0x87, 0xaf, 0x5e, 0x06, 0x59);
typedef HRESULT(WINAPI *CreateInstance)(REFCLSID, REFIID, void **);
typedef HRESULT(WINAPI *D3DCompile)(const void *, SIZE_T, const char *, const void *, void *, const char *, const char *, UINT, UINT,
                                    ID3DBlob **, ID3DBlob **);
typedef HRESULT(WINAPI *Compile3)(Object *, const DxcBuffer *, const wchar_t **, UINT, void *, REFIID, void **);
typedef HRESULT(WINAPI *GetStatus)(Object *, HRESULT *);
typedef HRESULT(WINAPI *GetBlob)(Object *, ID3DBlob **);

static HRESULT by_dxc(Object *compiler, const char *text, size_t size, ID3DBlob **code, ID3DBlob **errors) {
    const wchar_t *arguments[] = {L"-E", L"main", L"-T", L"cs_6_0", L"-HV", L"2018", L"-no-warnings"};
    DxcBuffer buffer = {text, size, 0};
    Object *result = NULL;
    HRESULT status = ((Compile3)compiler->methods[3])(compiler, &buffer, arguments, 7, NULL, &DXC_RESULT, (void **)&result);
    if (FAILED(status)) {
        return status;
    }
    ((GetStatus)result->methods[3])(result, &status);
    ((GetBlob)result->methods[4])(result, code);
    ((GetBlob)result->methods[5])(result, errors);
    return status;
}

static char *read_file(const wchar_t *path, size_t *size) {
    FILE *file = _wfopen(path, L"rb");
    if (file == NULL) {
        return NULL;
    }
    fseek(file, 0, SEEK_END);
    *size = (size_t)ftell(file);
    rewind(file);
    char *text = malloc(*size + 1);
    *size = fread(text, 1, *size, file);
    text[*size] = 0;
    fclose(file);
    return text;
}

int wmain(int count, wchar_t **arguments) {
    int is_dxc = count > 1 && wcscmp(arguments[1], L"dxc") == 0;
    HMODULE library = LoadLibraryW(is_dxc ? L".\\dxcompiler.dll" : L".\\d3dcompiler_47.dll");
    if (library == NULL) {
        fprintf(stderr, "the DLL cannot be loaded: error %lu\n", GetLastError());
        return 1;
    }
    Object *compiler = NULL;
    D3DCompile compile = (D3DCompile)(void *)GetProcAddress(library, "D3DCompile");
    if (is_dxc) {
        CreateInstance create = (CreateInstance)(void *)GetProcAddress(library, "DxcCreateInstance");
        if (FAILED(create(&DXC_COMPILER, &DXC_COMPILER3, (void **)&compiler))) {
            fprintf(stderr, "dxcompiler.dll makes no compiler\n");
            return 1;
        }
    }
    for (int i = 2; i < count; i++) {
        size_t size = 0;
        char *text = read_file(arguments[i], &size);
        if (text == NULL) {
            continue;
        }
        ID3DBlob *code = NULL, *errors = NULL;
        ULONGLONG start = GetTickCount64();
        HRESULT status = is_dxc ? by_dxc(compiler, text, size, &code, &errors)
                                : compile(text, size, NULL, NULL, NULL, "main", "cs_5_1", 1 << 11, 0, &code, &errors);
        unsigned bytes = code ? (unsigned)ID3D10Blob_GetBufferSize(code) : 0;
        printf("%ls\t%s\t%llu\t%u\t", arguments[i], SUCCEEDED(status) && bytes > 0 ? "accepted" : "refused",
               GetTickCount64() - start, bytes);
        const char *message = errors ? ID3D10Blob_GetBufferPointer(errors) : NULL;
        for (size_t c = 0; message && c < ID3D10Blob_GetBufferSize(errors) && c < 400 && message[c]; c++) {
            putchar(message[c] < ' ' ? ' ' : message[c]);
        }
        printf("\n");
        fflush(stdout);
        free(text);
    }
    return 0;
}
