def main(a):
    pass
def format_files(a):
    pass
